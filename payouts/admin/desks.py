"""What there is to send from where, and stopping everything."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from affiliates.admin.screens import Cell, Table, day
from audit.access import may
from audit.errors import DomainError
from identity.models import Program
from ledger.admin.shown import grouped
from payouts import operations
from payouts.admin.forms import StopForm
from payouts.admin.screens import listed
from payouts.models import Brake
from payouts.proposable.restarts import propose_restart
from payouts.queries.positions import Position, positions_of
from wallets.admin.screens import person_of

if TYPE_CHECKING:
    from payouts.admin.screens import PayoutsScreen


def desks_page(screen: "PayoutsScreen", request: HttpRequest) -> HttpResponse:
    """Show what there is to send from where, what is unknown, and whether anything is stopped."""
    if not may(request, "payout.read"):
        raise PermissionDenied
    programs = list(screen.programs(request))
    brakes = Brake.objects.filter(program__in=programs, is_on=True).select_related("program")
    context = {
        **screen.admin_site.each_context(request), "title": "Sending",
        "brakes": brakes, "table": _table(positions_of(programs, at=timezone.now())),
        "may_stop": may(request, "payout.stop"), "may_restart": may(request, "payout.restart"),
    }  # fmt: skip
    return TemplateResponse(request, "admin/payouts/desks.html", context)


def _table(positions: list[Position]) -> Table:
    return Table(
        "Money at the rails", ("Account", "Program", "#There", "#In flight", "#Approved, not sent", "#Lasts", "Unknown",
                               "Waits for"),
        [
            (
                Cell(one.account.name, reverse("admin:wallets_railaccount_change", args=[one.account.pk])),
                str(one.account.program), grouped(one.float_, one.asset, named=True),
                grouped(one.in_flight, one.asset, named=True), grouped(one.wanted, one.asset, named=True), _lasts(one),
                _unknown(one), one.waits_for or ("More is approved than is there." if one.is_short else ""),
            )
            for one in positions
        ],
        empty="No account of yours can send anything. Draft a rail account first.",
    )  # fmt: skip


def _lasts(one: Position) -> str:
    days = one.days_of_cover
    return "" if days is None else f"{days} day{'' if days == 1 else 's'}"


def _unknown(one: Position) -> object:
    if not one.unknown:
        return ""
    url = listed("payout", state__exact="UNKNOWN", rail_account__id__exact=one.account.pk)
    return Cell(f"{one.unknown}, since {day(one.unknown_since)}", url)


def stop_page(screen: "PayoutsScreen", request: HttpRequest, *, is_stop: bool) -> HttpResponse:
    """Stop everything of a program, or ask a second person to agree that it goes on."""
    permission = "payout.stop" if is_stop else "payout.restart"
    if not may(request, permission):
        raise PermissionDenied
    programs = Program.objects.filter(pk__in=screen.programs(request, permission))[:200]
    form = StopForm(request.POST if request.method == "POST" else None, programs=programs)
    back = reverse("admin:payouts_payoutbatch_desks")
    if request.method == "POST" and form.is_valid():
        program, reason = form.cleaned_data["program"], form.cleaned_data["reason"]
        try:
            if is_stop:
                calls = operations.pull_brake(program, reason=reason, at=timezone.now())
                said = f"Stopped. {calls} call{' was' if calls == 1 else 's were'} on the way to a rail before."
                screen.message_user(request, said, messages.WARNING)
                return redirect(back)
            proposal = propose_restart(program, reason=reason, by=person_of(request), at=timezone.now())
        except DomainError as refusal:
            form.add_error(None, f"{refusal} Nothing was changed.")
        else:
            screen.message_user(request, "Proposed: another person decides. Nothing is sent yet.", messages.INFO)
            return redirect("admin:identity_proposal_change", proposal.pk)
    about = (
        "Nothing more is sent from the moment you press it. What a rail was told before is on its way. Two people start"
        " it again."
        if is_stop
        else "A second person has to agree that payouts go on."
    )
    return screen.dialog(
        request, None, form, title="Stop everything" if is_stop else "Start again",
        button="Stop everything" if is_stop else "Propose", about=about, facts=[], back=back,
    )  # fmt: skip
