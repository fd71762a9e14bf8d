"""What the first page says of affiliates: claims that wait, what is earned and paid, and what is settled."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.urls import reverse
from django.utils import timezone

from affiliates.models import Claim
from affiliates.queries.figures import days_of_programs, settled_days
from affiliates.states import ClaimState
from identity.models import Membership, Program, User
from ledger.admin.shown import grouped
from ledger.models import Asset
from ledger.money import ZERO, plain

CHART_DAYS: Final = 14
_COUNTED_AT_MOST: Final = 1_000


def claims_waiting(user: User) -> list[dict[str, Any]]:
    """Return the queue of claims as one thing to look at."""
    if not user.may("claim.decide"):
        return []
    programs = Membership.objects.programs_where(user, "claim.decide")
    waiting = Claim.objects.filter(state=ClaimState.REQUESTED, program__in=programs)
    count = waiting[:_COUNTED_AT_MOST].count()
    if not count:
        return []
    many = f"{count}" if count < _COUNTED_AT_MOST else f"More than {_COUNTED_AT_MOST - 1}"
    return [
        {
            "icon": "fact_check",
            "title": f"{many} claim{'' if count == 1 else 's'} to decide on",
            "text": "Members say that they have paid. Approved, a worker looks for the payment.",
            "url": f"{reverse('admin:affiliates_claim_changelist')}?state__exact={ClaimState.REQUESTED}",
            "action": "See claims",
        }
    ]


def charts(user: User, *, now: datetime) -> list[dict[str, Any]]:
    """Return the charts that the person may read, of the programs whose commissions they may."""
    programs = Program.objects.filter(pk__in=Membership.objects.programs_where(user, "commission.read"))
    own = list(programs.order_by("name").values_list("pk", "default_asset_code")[:200])
    # One asset for a chart: that of the first program.
    chosen = Asset.objects.filter(code=next((code for _, code in own if code), "")).first()
    if chosen is None:
        return []
    ids = [pk for pk, _ in own]
    first = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=CHART_DAYS - 1)
    zone: Any = timezone.get_current_timezone()
    every = [(first + timedelta(days=number)).date() for number in range(CHART_DAYS)]
    told = {day.on: day for day in days_of_programs(ids, asset_code=chosen.code, since=first, zone=zone)}
    settled = settled_days(ids, asset_code=chosen.code, since=first, zone=zone)
    if not told and not settled:
        return []
    commissions = {
        "Accrued": [told[on].earned if on in told else ZERO for on in every],
        "Clawed back": [told[on].clawed_back if on in told else ZERO for on in every],
        "Paid": [told[on].paid if on in told else ZERO for on in every],
    }
    return [
        _chart("Commissions by day", every, commissions, chosen),
        _chart("Settled by day", every, {"Settled": [settled.get(on, ZERO) for on in every]}, chosen),
    ]


_COLOURS: Final = {
    "Accrued": "var(--color-primary-600)", "Clawed back": "#d64545", "Paid": "#17936a",
    "Settled": "var(--color-primary-600)",
}  # fmt: skip


def _chart(title: str, days: list[date], series: dict[str, list[Decimal]], asset: Asset) -> dict[str, Any]:
    data = {
        "labels": [f"{on.day} {on:%b}" for on in days],
        "datasets": [
            {
                "label": name, "data": [plain(amount) for amount in amounts], "backgroundColor": _COLOURS[name],
                "borderRadius": 4, "maxBarThickness": 24,
            }
            for name, amounts in series.items()
        ],
    }  # fmt: skip
    options = {
        "animation": False, "responsive": True, "maintainAspectRatio": False,
        "plugins": {"legend": {"display": len(series) > 1, "position": "bottom"}},
        "scales": {
            "x": {"grid": {"display": False}, "ticks": {"color": "#6b7280", "maxRotation": 0, "autoSkipPadding": 12}},
            "y": {
                "beginAtZero": True, "border": {"display": False}, "grid": {"display": True},
                "ticks": {"color": "#6b7280", "maxTicksLimit": 6},
            },
        },
    }  # fmt: skip
    return {
        "title": title, "unit": asset.code, "data": json.dumps(data), "options": json.dumps(options),
        "heads": list(series),
        "rows": [(on, [grouped(amounts[place], asset) for amounts in series.values()]) for place, on in
                 enumerate(days)],
    }  # fmt: skip
