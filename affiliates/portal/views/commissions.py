"""Commissions: what each is for, how it came about, and why it is not payable yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from affiliates.models import Affiliate, Commission
from affiliates.portal.forms import CommissionsForm
from affiliates.portal.views.shown import grouped, own_affiliate, page_context
from affiliates.queries.payability import Payability, payability, situation_of
from affiliates.rules import Situation, percent
from affiliates.states import COMMISSION_TRANSITIONS, UNPAID
from audit.access import missed
from ledger.admin.shown import start_of
from ledger.money import plain

AT_ONCE: Final = 30


@dataclass(frozen=True, slots=True)
class Shown:
    """A row as its affiliate reads it."""

    row: Commission
    amount: str
    source: str
    payability: Payability

    @property
    def tone(self) -> str:
        """The colour of its state."""
        return COMMISSION_TRANSITIONS.colours[self.row.state]

    @property
    def is_unpaid(self) -> bool:
        return self.row.state in UNPAID


@login_required
def commissions(request: HttpRequest, slug: str) -> HttpResponse:
    """Show an affiliate's commissions, the latest first."""
    affiliate = own_affiliate(request, slug)
    form = CommissionsForm(request.GET or None)
    behind = _place(request.GET.get("older_than"))
    rows = _rows(affiliate, form)
    if behind is not None:
        rows = rows.filter(pk__lt=behind)
    found = list(rows[: AT_ONCE + 1])
    shown = _shown(found[:AT_ONCE], affiliate, at=timezone.now())
    context = {
        "form": form, "rows": shown, "is_first": behind is None, "newest": _query(request, None),
        "older": _query(request, found[AT_ONCE - 1].pk) if len(found) > AT_ONCE else "",
        "is_everything": not any(getattr(form, "cleaned_data", {}).values()),
    }  # fmt: skip
    return render(request, "affiliate/commissions.html", page_context(request, affiliate, tab="commissions", **context))


@login_required
def commission(request: HttpRequest, slug: str, pk: UUID) -> HttpResponse:
    """Show one commission: what for, how it came about, what became of it."""
    affiliate = own_affiliate(request, slug)
    row = _of(affiliate).filter(pk=pk).first()
    if row is None:
        missed(request, Commission, pk)
        raise Http404
    now = timezone.now()
    corrections = list(_of(affiliate).filter(corrects=row).order_by("pk"))
    [shown] = _shown([row], affiliate, at=now)
    context = {
        "shown": shown, "row": row, "corrections": _shown(corrections, affiliate, at=now),
        "rate": percent(row.rate) if row.rate is not None else "",
        "base": grouped(row.base, row.asset) if row.base is not None else "",
        "exact": plain(row.exact) if row.exact is not None else "",
        "returned": grouped(abs(row.reversal.amount), row.asset) if row.reversal is not None else "",
    }  # fmt: skip
    return render(request, "affiliate/commission.html", page_context(request, affiliate, tab="commissions", **context))


def _of(affiliate: Affiliate) -> QuerySet[Commission]:
    return Commission.objects.filter(affiliate=affiliate).select_related(
        "asset", "settlement__member", "corrects", "reversal"
    )


def _rows(affiliate: Affiliate, form: CommissionsForm) -> QuerySet[Commission]:
    """Return what is asked for by what the form says rightly; the rest is told beside its field."""
    form.is_valid()
    said: dict[str, Any] = getattr(form, "cleaned_data", {})
    zone = ZoneInfo(timezone.get_current_timezone_name())
    rows = _of(affiliate).order_by("-pk")
    if said.get("type"):
        rows = rows.filter(type=said["type"])
    if said.get("state"):
        rows = rows.filter(state=said["state"])
    if said.get("since"):
        rows = rows.filter(accrued_at__gt=start_of(said["since"], zone))
    if said.get("until"):
        rows = rows.filter(accrued_at__lte=start_of(said["until"] + timedelta(days=1), zone))
    return rows


def _shown(rows: Sequence[Commission], affiliate: Affiliate, *, at: datetime) -> list[Shown]:
    """Return rows as pages show them; what decides on a payout is read once for each asset."""
    situations: dict[str, Situation] = {}
    shown = []
    for row in rows:
        code = row.asset.code
        if code not in situations:
            situations[code] = situation_of(affiliate, code)
        found = payability(row, situation=situations[code], at=at)
        shown.append(Shown(row, f"{grouped(row.amount, row.asset)} {code}", _source(row), found))
    return shown


def _source(row: Commission) -> str:
    """Return what a row is for, without saying more of the member than their address."""
    if row.settlement is None:
        return row.reason
    paid = f"{grouped(row.settlement.amount, row.asset)} {row.asset.code}"
    address = row.settlement.member.shown_address
    return f"{paid} paid by {address[:6]}…{address[-4:]}"


def _place(said: str | None) -> UUID | None:
    """Return the row to go on behind.

    :raises BadRequest: if it is none: nobody types it.
    """
    try:
        return UUID(said) if said is not None else None
    except ValueError:
        raise BadRequest("older_than is an id.") from None


def _query(request: HttpRequest, older_than: UUID | None) -> str:
    """Return this page's address with another place in the list."""
    kept = request.GET.copy()
    kept.pop("older_than", None)
    if older_than is not None:
        kept["older_than"] = str(older_than)
    return f"?{kept.urlencode()}"
