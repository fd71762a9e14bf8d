"""What an affiliate has come to, added up from the tallies: right at every moment, and asked in one statement."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from affiliates.models import Commission, Settlement, Tally
from affiliates.models.commissions import CommissionQuerySet
from affiliates.states import CommissionState, CommissionType
from audit.rules import first_id_at
from ledger.money import ZERO, exactly

_EARNED = (CommissionType.DIRECT, CommissionType.OVERRIDE)
_TAKEN = (CommissionType.CLAWBACK, CommissionType.REINSTATEMENT)


class Counted(NamedTuple):
    """What is counted, of which asset (none of what has none), how many, and how much they come to."""

    what: str
    asset: str
    many: int
    much: Decimal


@dataclass(slots=True)
class Earnings:
    """What stands where in one asset. Voided rows count nowhere but in ``voided``."""

    asset: str
    settled: Decimal = ZERO
    settlements: int = 0
    direct: Decimal = ZERO
    override: Decimal = ZERO
    clawed_back: Decimal = ZERO
    adjusted: Decimal = ZERO
    accrued: Decimal = ZERO
    held: Decimal = ZERO
    due: Decimal = ZERO
    batched: Decimal = ZERO
    paid: Decimal = ZERO
    voided: Decimal = ZERO

    @property
    def unpaid(self) -> Decimal:
        """What is earned and not paid, which is what the books say."""
        with exactly():
            return self.accrued + self.held + self.due + self.batched


@dataclass(slots=True)
class Figures:
    """The funnel, and what came of it."""

    clicks: int = 0
    members: int = 0
    downline: int = 0
    settlements: int = 0
    earnings: dict[str, Earnings] = field(default_factory=dict)


def figures_of(affiliate_id: UUID) -> Figures:
    """Return everything that is counted of an affiliate."""
    return _figures(_counted(Tally.objects.filter(affiliate=affiliate_id)))


def figures_of_program(program_id: UUID) -> Figures:
    """Return everything that is counted of a program's affiliates together."""
    return _figures(_counted(Tally.objects.filter(program=program_id)))


def totals() -> list[Counted]:
    """Return what is counted of all affiliates in every program, of each asset."""
    return _counted(Tally.objects.filter(asset__isnull=False))


def _counted(tallies: QuerySet[Tally]) -> list[Counted]:
    rows = tallies.order_by().values_list("what", "asset__code").annotate(many=Sum("count"), much=Sum("amount"))
    return sorted((Counted(what, asset or "", many, much) for what, asset, many, much in rows), key=_by_asset)


def _by_asset(row: Counted) -> tuple[str, str]:
    return row.asset, row.what


def _figures(rows: Sequence[Counted]) -> Figures:
    found = Figures()
    with exactly():
        for what, asset, many, much in rows:
            if not asset:
                _count(found, what, many)
                continue
            earnings = found.earnings.setdefault(asset, Earnings(asset))
            if what == "SETTLED":
                earnings.settled, earnings.settlements = much, many
                found.settlements += many
            else:
                kind, _, state = what.partition(":")
                _add(earnings, kind, state, much)
    return found


def _count(found: Figures, what: str, many: int) -> None:
    name = {"CLICK": "clicks", "MEMBER": "members", "DOWNLINE": "downline"}[what]
    setattr(found, name, many)


def _add(earnings: Earnings, kind: str, state: str, much: Decimal) -> None:
    where = state.lower()
    setattr(earnings, where, getattr(earnings, where) + much)
    if state == CommissionState.VOIDED:
        return
    if kind in _EARNED:
        setattr(earnings, kind.lower(), getattr(earnings, kind.lower()) + much)
    elif kind in _TAKEN:
        earnings.clawed_back += much
    else:
        earnings.adjusted += much


@dataclass(frozen=True, slots=True)
class Day:
    """What came to be on a day: earned, and taken back (below zero), and paid."""

    on: date
    earned: Decimal
    clawed_back: Decimal
    paid: Decimal


def days(
    program_id: UUID, *, affiliate_id: UUID | None = None, asset_code: str, since: datetime, zone: ZoneInfo
) -> Sequence[Day]:
    """Return the days since ``since`` on which something was earned, taken back or paid, in the program's time zone."""
    rows = Commission.objects.filter(program=program_id, asset__code=asset_code)
    if affiliate_id is not None:
        rows = rows.filter(affiliate=affiliate_id)
    return _days(rows, since=since, zone=zone)


def days_of_programs(
    program_ids: Collection[UUID], *, asset_code: str, since: datetime, zone: ZoneInfo
) -> Sequence[Day]:
    """Return the same of several programs together."""
    rows = Commission.objects.filter(program__in=program_ids, asset__code=asset_code)
    return _days(rows, since=since, zone=zone)


def settled_days(
    program_ids: Collection[UUID], *, asset_code: str, since: datetime, zone: ZoneInfo
) -> dict[date, Decimal]:
    """Return how much was settled on each day since ``since``, of what was told of since then."""
    rows = (
        # Ids rise with the time, so that a long history is not read.
        Settlement.objects.recognised()
        .filter(program__in=program_ids, asset__code=asset_code, pk__gte=first_id_at(since), confirmed_at__gte=since)
        .order_by()
        .values_list(TruncDate("confirmed_at", tzinfo=zone))
        .annotate(much=Sum("amount"))
    )
    return dict(rows)


def _days(rows: CommissionQuerySet, *, since: datetime, zone: ZoneInfo) -> Sequence[Day]:
    made = (
        rows.filter(accrued_at__gte=since)
        .exclude(state=CommissionState.VOIDED)
        .order_by()
        .values_list(TruncDate("accrued_at", tzinfo=zone))
        .annotate(earned=Sum("amount", filter=Q(amount__gt=0)), taken=Sum("amount", filter=Q(amount__lt=0)))
    )
    paid = (
        rows.filter(paid_at__gte=since)
        .order_by()
        .values_list(TruncDate("paid_at", tzinfo=zone))
        .annotate(paid=Sum("amount"))
    )
    earned_on = {on: (earned or ZERO, taken or ZERO) for on, earned, taken in made}
    paid_on = dict(paid)
    return [Day(on, *earned_on.get(on, (ZERO, ZERO)), paid_on.get(on, ZERO)) for on in sorted({*earned_on, *paid_on})]
