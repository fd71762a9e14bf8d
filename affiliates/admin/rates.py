"""Rates of tiers and affiliates: dated, and proposed."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from affiliates.admin.forms import RateForm
from affiliates.admin.screens import AffiliatesScreen, Table, day, page_of
from affiliates.proposable.rates import CHANGE_RATE
from affiliates.rules import percent
from audit.errors import DomainError
from identity.operations import propose
from wallets.admin.screens import person_of


def propose_rates(screen: AffiliatesScreen, request: HttpRequest, row: Any, *, key: str) -> HttpResponse:
    """Show the dialog for rates of a tier or an affiliate, and propose what it says."""
    form = RateForm(request.POST if request.method == "POST" else None, program=row.program)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        payload = {
            key: str(row.pk), "direct_rate": said["direct"], "override_rate": said["override"],
            "valid_from": said["valid_from"],
        }  # fmt: skip
        try:
            proposal = propose(
                CHANGE_RATE, program=row.program, payload=payload, reason=said["reason"], by=person_of(request),
                subject=(row._meta.label_lower, str(row.pk)), at=timezone.now(),
            )  # fmt: skip
        except DomainError as refusal:
            form.add_error(None, f"{refusal} Nothing was changed.")
        else:
            messages.info(request, "Proposed: another person decides. Nothing has changed yet.")
            return redirect("admin:identity_proposal_change", proposal.pk)
    latest = row.rates.order_by("-number").first()
    what_if = f"{reverse('admin:affiliates_tier_what_if')}?program={row.program.slug}&of={row}"
    return screen.dialog(
        request, row, form, title=f"Rates of {row}", button="Propose", back=page_of(row),
        about="Two people decide on what is paid. What was earned keeps the rate that it had.",
        facts=[("As it stands", _rates_in_words(latest))], aside=("What would it have come to?", what_if),
    )  # fmt: skip


def rates_table(row: Any) -> Table:
    """Return the dated rates of a tier or an affiliate."""
    rates = list(row.rates.order_by("-number")[:50])
    return Table(
        "Rates of its own", ("From", "#Direct", "#Override", "Recorded", "Why"),
        [
            (
                f"{one.valid_from:%Y-%m-%d %H:%M} UTC",
                percent(one.direct_rate) if one.direct_rate is not None else "as without",
                percent(one.override_rate) if one.override_rate is not None else "as without",
                day(one.recorded_at), one.reason,
            )
            for one in rates
        ],
        empty="None: what its tier or the program says holds.",
    )  # fmt: skip


def _rates_in_words(latest: Any) -> str:
    if latest is None or latest.direct_rate is None:
        return "none of its own"
    return f"{percent(latest.direct_rate)} and {percent(latest.override_rate)}"
