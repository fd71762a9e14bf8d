"""What a change of rates would have come to, had it held over a past period: worked out of what was settled."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import Q

from affiliates.errors import BadPeriod
from affiliates.models import Commission, Settlement
from affiliates.queries.families import Sold, families
from affiliates.queries.people import Standings
from affiliates.queries.rates import RateBook
from affiliates.rules import Rates
from affiliates.states import CommissionType
from identity.models import Program
from ledger.money import ZERO, exactly

AT_ONCE: Final = 1_000
LONGEST: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Rates that a tier, an affiliate, or with neither the whole program, might have."""

    tier_id: UUID | None = None
    affiliate_id: UUID | None = None
    direct: Decimal
    override: Decimal


@dataclass(slots=True)
class Outcome:
    """What was earned from the settlements of the period in one asset, and what would have been."""

    asset: str
    settlements: int = 0
    was_direct: Decimal = ZERO
    was_override: Decimal = ZERO
    would_be_direct: Decimal = ZERO
    would_be_override: Decimal = ZERO

    @property
    def difference(self) -> Decimal:
        """How much more the program would have paid."""
        with exactly():
            return self.would_be_direct + self.would_be_override - self.was_direct - self.was_override


class _WishedRates(RateBook):
    """The rates as they are, but for the wish, which has always held."""

    def wish(self, wish: Wish) -> None:
        self._wish = wish

    def at(self, moment: datetime, *, affiliate_id: UUID, tier_id: UUID | None, program_id: UUID) -> Rates:
        wish, wished = self._wish, Rates(self._wish.direct, self._wish.override, "wished for")
        if wish.affiliate_id is not None:
            if wish.affiliate_id == affiliate_id:
                return wished
        elif wish.tier_id is not None:
            if wish.tier_id == tier_id and not self.has_own(affiliate_id, moment):
                return wished
        elif not self.has_own(affiliate_id, moment) and not self.tier_has_own(tier_id, moment):
            return wished
        return super().at(moment, affiliate_id=affiliate_id, tier_id=tier_id, program_id=program_id)


def what_if(program: Program, wish: Wish, *, start: datetime, end: datetime) -> list[Outcome]:
    """Return what came of the settlements from ``start`` to before ``end``, and what would have, by asset.

    Refunds are left out on both sides: they take the same part of either.

    :raises BadPeriod: if the period ends before it begins, or is longer than a year.
    """
    if not start < end or end - start > LONGEST:
        raise BadPeriod(reason="it ends before it begins, or is longer than a year")
    outcomes: dict[str, Outcome] = {}
    for settlements in _settlements(program, start, end):
        was = _was(settlements)
        sold = [_sold(one, program) for one in settlements]
        book = _book(sold, program)
        book.wish(wish)
        would_be = families(sold, rate_book=book)
        with exactly():
            for one in settlements:
                outcome = outcomes.setdefault(one.asset.code, Outcome(one.asset.code))
                outcome.settlements += 1
                outcome.was_direct += was.get((one.pk, CommissionType.DIRECT), ZERO)
                outcome.was_override += was.get((one.pk, CommissionType.OVERRIDE), ZERO)
                for row in would_be[one.pk].rows:
                    if row.type == CommissionType.DIRECT:
                        outcome.would_be_direct += row.share.amount
                    else:
                        outcome.would_be_override += row.share.amount
    return [outcomes[code] for code in sorted(outcomes)]


def _settlements(program: Program, start: datetime, end: datetime) -> Iterator[list[Settlement]]:
    rows = (
        Settlement.objects.recognised()
        .filter(program=program, occurred_at__gte=start, occurred_at__lt=end, affiliate__isnull=False)
        .select_related("asset")
        .order_by("pk")
    )
    after: UUID | None = None
    while True:
        some = list(rows.filter(Q(pk__gt=after) if after else Q())[:AT_ONCE])
        if not some:
            return
        yield some
        after = some[-1].pk


def _was(settlements: list[Settlement]) -> dict[tuple[UUID, str], Decimal]:
    rows = Commission.objects.filter(
        settlement__in=[one.pk for one in settlements], type__in=(CommissionType.DIRECT, CommissionType.OVERRIDE)
    ).order_by()
    return {(row.settlement_id, row.type): row.amount for row in rows if row.settlement_id is not None}


def _sold(settlement: Settlement, program: Program) -> Sold:
    assert settlement.occurred_at is not None
    return Sold(
        settlement_id=settlement.pk, program=program, affiliate_id=settlement.affiliate_id, amount=settlement.amount,
        scale=settlement.asset.scale, at=settlement.occurred_at,
    )  # fmt: skip


def _book(sold: list[Sold], program: Program) -> _WishedRates:
    brought = [(one.affiliate_id, one.at) for one in sold if one.affiliate_id is not None]
    below = Standings({affiliate_id for affiliate_id, _ in brought})
    parents = below.parents(brought)
    above = Standings(parents)
    return _WishedRates(
        affiliates={affiliate_id for affiliate_id, _ in brought} | parents, tiers=below.tiers() | above.tiers(),
        programs={program.pk},
    )  # fmt: skip
