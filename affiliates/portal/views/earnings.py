"""What an affiliate earns: where it stands, day by day, and what keeps it from being paid."""

from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from affiliates import rules
from affiliates.models import Affiliate
from affiliates.portal.views.shown import Amounts, affiliates_of, own_affiliate, page_context, person_of
from affiliates.queries.figures import Day, Earnings, days, figures_of
from affiliates.queries.payability import situation_of
from affiliates.states import AFFILIATE_TRANSITIONS, CommissionState
from identity.rules import greeting
from ledger.money import ZERO, plain

CHART_DAYS: Final = 30
# figure, what it is called, its icon, what it means
_FIGURES: Final = (
    ("due", "Due", "hand-coins", "goes with the next payout"),
    ("accrued", "Accrued", "clock", "in its hold period"),
    ("held", "On hold", "lock", "somebody looks at it"),
    ("batched", "In a payout", "send", "on its way to you"),
    ("paid", "Paid", "circle-check", "since you began"),
    ("clawed_back", "Clawed back", "history", "from sales that were returned"),
)


@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """Lead to what the person earns; without a program, say how one comes to it."""
    person = person_of(request)
    if not person.may("affiliate_portal.enter"):
        raise PermissionDenied
    own = affiliates_of(person)
    if own:
        return redirect("affiliate:earnings", own[0].program.slug)
    return render(request, "affiliate/overview.html", {"greeting": greeting(timezone.localtime().hour)})


@login_required
def earnings(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what somebody earns in a program."""
    affiliate, now = own_affiliate(request, slug), timezone.now()
    figures = figures_of(affiliate.pk)
    codes = sorted({*figures.earnings, affiliate.program.default_asset_code})
    asked = request.GET.get("asset", "")
    code = asked if asked in codes else _foremost(affiliate, codes)
    amounts = Amounts.of(codes)
    codes = [each for each in codes if each in amounts.assets]
    context: dict[str, Any] = {
        "greeting": greeting(timezone.localtime(now).hour), "figures": figures, "codes": codes, "code": code,
        "tone": AFFILIATE_TRANSITIONS.colours[affiliate.state],
    }  # fmt: skip
    if code in amounts.assets:
        context |= _of_asset(affiliate, figures.earnings.get(code, Earnings(code)), amounts, at=now)
    return render(request, "affiliate/earnings.html", page_context(request, affiliate, tab="earnings", **context))


def _foremost(affiliate: Affiliate, codes: list[str]) -> str:
    own: str = affiliate.program.default_asset_code
    return own if own in codes else codes[0]


def _of_asset(affiliate: Affiliate, found: Earnings, amounts: Amounts, *, at: datetime) -> dict[str, Any]:
    zone = ZoneInfo(affiliate.program.time_zone)
    today = at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    first = today - timedelta(days=CHART_DAYS - 1)
    told = days(affiliate.program_id, affiliate_id=affiliate.pk, asset_code=found.asset, since=first, zone=zone)
    known = {day.on: day for day in told}
    every = [(first + timedelta(days=number)).date() for number in range(CHART_DAYS)]
    line = [known.get(on, Day(on, ZERO, ZERO, ZERO)) for on in every]
    obstacles = rules.obstacles(
        state=CommissionState.DUE, amount=found.due, payable_at=at, held_reason="",
        situation=situation_of(affiliate, found.asset), at=at,
    )  # fmt: skip
    return {
        "cards": [
            {"label": label, "icon": icon, "note": note, "value": amounts.write(getattr(found, name), found.asset)}
            for name, label, icon, note in _FIGURES
        ],
        "obstacles": [one for one in obstacles if one.code != "taken_back"],
        "days": [
            {
                "on": day.on, "earned": amounts.write(day.earned, found.asset),
                "taken": amounts.write(day.clawed_back, found.asset), "paid": amounts.write(day.paid, found.asset),
            }
            for day in line
        ],
        "is_quiet": not known,
        "chart": {
            "labels": [f"{day.on.day} {day.on:%b}" for day in line],
            "unit": found.asset,
            "series": [
                {"label": "Earned", "tone": "accent", "data": [plain(day.earned) for day in line]},
                {"label": "Clawed back", "tone": "bad", "data": [plain(day.clawed_back) for day in line]},
                {"label": "Paid", "tone": "good", "data": [plain(day.paid) for day in line]},
            ],
        },
    }  # fmt: skip
