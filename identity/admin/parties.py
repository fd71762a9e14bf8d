"""Parties: whom a program has to do with."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from audit.access import may
from audit.admin import LABELS, RecordedAdmin, instant, whole_id
from audit.errors import DomainError
from identity.admin.shown import person_of
from identity.models import Membership, Party, Program
from identity.operations import change_party, change_party_status, open_party
from identity.states import PARTY_TRANSITIONS, PartyKind, PartyStatus

PARTY_LABELS = {status: LABELS[colour] for status, colour in PARTY_TRANSITIONS.colours.items()}


@admin.register(Party)
class PartyAdmin(RecordedAdmin):
    """Persons and organisations of programs; what they own, owe and are owed points to them."""

    permission_to_view = "party.read"

    list_display = ("name", "kind", "program", "shown_status", "external_reference", instant("created_at", "Since"))
    list_filter = ("status", "kind")
    list_select_related = ("program",)
    search_fields = ("name", "external_reference__exact", "user__email__exact", "program__slug__exact")
    search_help_text = "A name, an external reference, an address, a program's slug or a whole id"
    id_fields = ("pk", "user", "program")
    linked_lookups = ("user__id__exact", "program__id__exact")
    fields = (
        "name",
        "kind",
        "program",
        "status",
        "external_reference",
        "user",
        instant("created_at", "Since"),
        whole_id(),
    )
    ordering = ("-id",)
    change_list_template = "admin/identity/party/change_list.html"

    @display(description="Status", label=PARTY_LABELS, ordering="status")
    def shown_status(self, party: Party) -> tuple[str, str]:
        return party.status, PartyStatus(party.status).label

    def ties(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:
        if row.program_id not in _manageable(request):
            return []
        return [("Change it", reverse("admin:identity_party_edit", args=[row.pk]))]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        may_open = _manageable(request).exists()
        return super().changelist_view(request, {"may_open": may_open, **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("open/", self.admin_site.admin_view(self.open_view), name="identity_party_open"),
            path("<uuid:pk>/edit/", self.admin_site.admin_view(self.edit_view), name="identity_party_edit"),
        ]
        return [*own, *super().get_urls()]

    def open_view(self, request: HttpRequest) -> HttpResponse:
        """Open a party."""
        programs = Program.objects.filter(pk__in=_manageable(request))
        if not programs.exists():
            raise PermissionDenied
        form = OpenPartyForm(request.POST or None, programs=programs)
        if request.method == "POST" and form.is_valid():
            try:
                party = open_party(**form.cleaned_data, at=timezone.now())
            except DomainError as refusal:
                form.add_error(None, f"{refusal} Nothing was changed.")
            else:
                return redirect("admin:identity_party_change", party.pk)
        return self._page(request, "Open a party", form, "Open")

    def edit_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Change what a party is called, or whether anything new is opened for it."""
        if not may(request, "party.manage"):
            raise PermissionDenied
        party = self.get_object(request, str(pk))
        if party is None:
            raise Http404
        if party.program_id not in _manageable(request):
            raise PermissionDenied
        initial = {"name": party.name, "kind": party.kind, "external_reference": party.external_reference}
        moves = "status" in request.POST
        form = PartyForm(request.POST if request.POST and not moves else None, initial=initial)
        status_form = StatusForm(request.POST if moves else None)
        sent = status_form if moves else form
        if request.method == "POST" and sent.is_valid():
            try:
                if moves:
                    change_party_status(party.pk, **_move(status_form), at=timezone.now())
                else:
                    change_party(party.pk, **form.cleaned_data, at=timezone.now())
            except DomainError as refusal:
                sent.add_error(None, f"{refusal} Nothing was changed.")
            else:
                messages.success(request, "Changed.")
                return redirect("admin:identity_party_change", party.pk)
        to = PartyStatus.CLOSED if party.status == PartyStatus.ACTIVE else PartyStatus.ACTIVE
        words = "Close it" if to == PartyStatus.CLOSED else "Open it again"
        return self._page(request, str(party), form, "Change", status_form=status_form, to=to, to_words=words)

    def _page(self, request: HttpRequest, title: str, form: forms.Form, button: str, **more: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "title": title, "form": form, "button": button, **more}
        return TemplateResponse(request, "admin/identity/party/form.html", context)


class PartyForm(forms.Form):
    """What a party is called."""

    name = forms.CharField(max_length=200, widget=UnfoldAdminTextInputWidget)
    kind = forms.TypedChoiceField(choices=PartyKind.choices, coerce=PartyKind, widget=UnfoldAdminSelectWidget)
    external_reference = forms.CharField(
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="What the program's own systems call it; one party has it.",
    )


class OpenPartyForm(PartyForm):
    """A party to be."""

    program = forms.ModelChoiceField(queryset=Program.objects.none(), widget=UnfoldAdminSelectWidget)

    field_order = ("program", "name", "kind", "external_reference")

    def __init__(self, *args: Any, programs: QuerySet[Program], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["program"].queryset = programs  # type: ignore[attr-defined]


class StatusForm(forms.Form):
    """Whether anything new is opened for it, and why."""

    status = forms.TypedChoiceField(choices=PartyStatus.choices, coerce=PartyStatus)
    reason = forms.CharField(max_length=500)


def _move(form: StatusForm) -> dict[str, Any]:
    return {"to": form.cleaned_data["status"], "reason": form.cleaned_data["reason"]}


def _manageable(request: HttpRequest) -> QuerySet[Program, UUID]:
    return Membership.objects.programs_where(person_of(request), "party.manage")
