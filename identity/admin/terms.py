"""Commission rates on a program's page: what holds, what held, what is planned, and a form that proposes others."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextInputWidget

from audit.access import may
from audit.errors import DomainError
from identity.admin.shown import names_of, person_of
from identity.models import Membership, Program, User
from identity.operations import propose
from identity.proposable.terms import CHANGE_TERMS, in_words, percent
from identity.queries.terms import dated_terms

_LABELS = {"in force": "success", "planned": "info", "past": "default", "replaced": "warning"}


def terms_of(program: Program, *, reader: User, at: datetime) -> list[dict[str, Any]]:
    """Return the dated rates of ``program`` as its page shows them, the latest first."""
    dated = dated_terms(program)
    names = names_of([line.terms.recorded_by for line in dated], reader)
    return [
        {
            "base": percent(line.terms.base_commission_rate),
            "override": percent(line.terms.override_commission_rate),
            "start": in_words(line.span.start, program),
            "end": in_words(line.span.end, program) if line.span.end and line.span.ever_holds else "",
            "state": line.state(at=at).capitalize(),
            "label": _LABELS[line.state(at=at)],
            "by": name,
            "reason": line.terms.reason,
        }
        for line, name in zip(dated, names, strict=True)
    ]


def may_propose_terms(program: Program, person: User) -> bool:
    """Whether ``person`` may propose rates for ``program``."""
    return program.pk in Membership.objects.programs_where(person, "terms.propose")


def propose_terms_page(site: Any, request: HttpRequest, program: Program | None) -> HttpResponse:
    """Propose other rates for a program."""
    if not may(request, "terms.propose"):
        raise PermissionDenied
    if program is None:
        raise Http404
    person = person_of(request)
    if not may_propose_terms(program, person):
        raise PermissionDenied
    form = TermsForm(request.POST or None, program=program)
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data
        payload = {
            "base_commission_rate": sent["base"],
            "override_commission_rate": sent["override"],
            "valid_from": sent["valid_from"],
        }
        try:
            proposal = propose(
                CHANGE_TERMS, program=program, payload=payload, reason=sent["reason"], by=person, at=timezone.now()
            )
        except DomainError as refusal:
            form.add_error(None, f"{refusal} Nothing was changed.")
        else:
            messages.success(request, "Proposed. It waits for another owner's vote.")
            return redirect("admin:identity_proposal_change", proposal.pk)
    context = {
        **site.each_context(request),
        "title": "Propose commission rates",
        "program": program,
        "form": form,
        "terms": terms_of(program, reader=person, at=timezone.now()),
    }
    return TemplateResponse(request, "admin/identity/program/propose_terms.html", context)


class _Moment(UnfoldAdminTextInputWidget):
    input_type = "datetime-local"


class TermsForm(forms.Form):
    """Two rates per cent, and when they begin where the program is."""

    base = forms.CharField(label="Base commission, per cent", max_length=12, widget=UnfoldAdminTextInputWidget)
    override = forms.CharField(label="Override commission, per cent", max_length=12, widget=UnfoldAdminTextInputWidget)
    valid_from = forms.CharField(required=False, max_length=30, widget=_Moment)
    reason = forms.CharField(label="Why", max_length=500, widget=UnfoldAdminTextInputWidget)

    def __init__(self, *args: Any, program: Program, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._zone = ZoneInfo(program.time_zone)
        self.fields["valid_from"].label = f"Begins, in the time of {program.time_zone}"
        self.fields["valid_from"].help_text = "Empty: as soon as it is agreed on."

    def clean_base(self) -> str:
        return self._fraction("base")

    def clean_override(self) -> str:
        return self._fraction("override")

    def clean_valid_from(self) -> str | None:
        typed = self.cleaned_data["valid_from"]
        if not typed:
            return None
        try:
            moment = datetime.fromisoformat(typed)
            return (moment if moment.tzinfo else moment.replace(tzinfo=self._zone)).isoformat()
        except (ValueError, OverflowError):
            raise forms.ValidationError("This is a day and a time, such as 2027-01-01 00:00.") from None

    def _fraction(self, field: str) -> str:
        try:
            rate = Decimal(self.cleaned_data[field].strip().removesuffix("%").strip())
        except ArithmeticError:
            rate = Decimal("NaN")
        if not rate.is_finite() or not 0 <= rate <= 100 or rate != round(rate, 4):
            raise forms.ValidationError("This is a number from 0 to 100 with at most four decimal places.")
        return f"{(rate / 100).normalize():f}"
