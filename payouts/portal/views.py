"""What an affiliate was paid, where it went, and what shows it."""

from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from affiliates.portal.views.shown import grouped, own_affiliate, page_context
from affiliates.rules import percent
from affiliates.states import MethodKind
from payouts.models import Payout
from payouts.states import PAYOUT_TRANSITIONS, PayoutState

SHOWN: Final = 100
# What goes on behind the counter is not the payee's: to them it is on its way until it is there.
_WORDS: Final = {
    PayoutState.READY: "Being prepared", PayoutState.HELD: "Being looked at", PayoutState.SENDING: "On its way",
    PayoutState.ACCEPTED: "On its way", PayoutState.UNKNOWN: "On its way", PayoutState.FAILED: "Did not arrive yet",
    PayoutState.PAID: "Paid", PayoutState.RELEASED: "Did not arrive: it is due again",
    PayoutState.RETURNED: "Came back: it is due again",
}  # fmt: skip
_TONES: Final = {**PAYOUT_TRANSITIONS.colours, PayoutState.UNKNOWN: "info", PayoutState.FAILED: "warn"}


@login_required
def payouts(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what an affiliate was paid, and what is on its way to them; not what was left out of a batch."""
    affiliate = own_affiliate(request, slug)
    rows = (
        Payout.objects.filter(affiliate=affiliate)
        .exclude(state=PayoutState.EXCLUDED)
        .exclude(batch__state__in=("DRAFT", "CANCELLED"))
        .select_related("asset", "batch")
        .order_by("-pk")[:SHOWN]
    )
    context = page_context(request, affiliate, tab="payouts", payouts=[_line(row) for row in rows])
    return render(request, "affiliate/payouts.html", context)


def _line(row: Payout) -> dict[str, Any]:
    state = PayoutState(row.state)
    is_known = row.destination_kind in MethodKind.values
    return {
        "payout": row, "amount": f"{grouped(row.amount, row.asset)} {row.asset.code}",
        "withheld": f"{grouped(row.withheld, row.asset)} {row.asset.code}" if row.withheld else "",
        "of": f"{grouped(row.paid_for, row.asset)} {row.asset.code}", "rate": percent(row.withheld_rate),
        "carried": f"{grouped(row.carried, row.asset)} {row.asset.code}" if row.carried else "",
        "state": _WORDS[state], "tone": _TONES[state],
        "where": MethodKind(row.destination_kind).label if is_known else row.destination_kind,
    }  # fmt: skip
