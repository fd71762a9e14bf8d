"""What a batch of settlements earns whom: worked out of rates and standings that are read at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from affiliates import rules
from affiliates.models import Affiliate
from affiliates.queries.people import Standings, one_of
from affiliates.queries.rates import RateBook
from affiliates.rules import Share
from affiliates.states import AffiliateState, CommissionType
from identity.models import Program
from identity.queries.settings import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    """A settlement, as far as earning from it goes."""

    settlement_id: UUID
    program: Program
    affiliate_id: UUID | None
    amount: Decimal
    scale: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Earned:
    """One row of what a settlement earns."""

    affiliate_id: UUID
    type: CommissionType
    share: Share
    payable_at: datetime
    held_reason: str


@dataclass(frozen=True, slots=True)
class Family:
    """What comes of a settlement: who brought it and who stands above, and what both earn."""

    affiliate_id: UUID | None = None
    parent_id: UUID | None = None
    rows: tuple[Earned, ...] = ()


@dataclass(frozen=True, slots=True)
class _Policy:
    hold: timedelta
    rates_at_most: Decimal


def families(sold: Sequence[Sold], *, rate_book: RateBook | None = None) -> dict[UUID, Family]:
    """Return what each settlement earns whom, by the settlement's id; the statements do not grow with their number.

    Nobody earns who is closed; what one earns who is not active waits until they are. With another ``rate_book`` it is
    what would have been earned.

    :raises NoTerms: if a program had no rates.
    """
    brought = [(one.affiliate_id, one.at) for one in sold if one.affiliate_id is not None]
    below = Standings({affiliate_id for affiliate_id, _ in brought})
    parents = below.parents(brought)
    above = Standings(parents)
    states = _states({affiliate_id for affiliate_id, _ in brought} | parents)
    rates = rate_book or _rates(sold, below, above, parents)
    policies = {one.program.pk: one.program for one in sold}
    known = {pk: _Policy(timedelta(days=setting("affiliates.hold_days", program)),
                         setting("affiliates.rates_at_most", program))
             for pk, program in policies.items()}  # fmt: skip
    return {one.settlement_id: _family(one, below, above, states, rates, known[one.program.pk]) for one in sold}


def _family(
    sold: Sold, below: Standings, above: Standings, states: Mapping[UUID, str], rates: RateBook, policy: _Policy
) -> Family:
    if sold.affiliate_id is None or states[sold.affiliate_id] == AffiliateState.CLOSED:
        return Family()
    standing = below.at(sold.affiliate_id, sold.at)
    direct = rates.at(sold.at, affiliate_id=sold.affiliate_id, tier_id=standing.tier_id, program_id=sold.program.pk)
    parent_id, override = standing.parent_id, None
    if parent_id is not None and states[parent_id] == AffiliateState.CLOSED:
        parent_id = None
    if parent_id is not None:
        tier_id = above.at(parent_id, sold.at).tier_id
        override = rates.at(sold.at, affiliate_id=parent_id, tier_id=tier_id, program_id=sold.program.pk)
    own, theirs = rules.shares(
        sold.amount, direct=direct, override=override, at_most=policy.rates_at_most, scale=sold.scale
    )
    rows = [(sold.affiliate_id, CommissionType.DIRECT, own)]
    if parent_id is not None and theirs is not None:
        rows.append((parent_id, CommissionType.OVERRIDE, theirs))
    return Family(
        sold.affiliate_id, parent_id,
        tuple(
            Earned(
                affiliate_id=affiliate_id, type=kind, share=share, payable_at=sold.at + policy.hold,
                held_reason="" if states[affiliate_id] == AffiliateState.ACTIVE else rules.HELD_WITH_ITS_AFFILIATE,
            )
            for affiliate_id, kind, share in rows
        ),
    )  # fmt: skip


def _states(affiliate_ids: set[UUID]) -> dict[UUID, str]:
    return dict(Affiliate.objects.filter(one_of("pk", affiliate_ids)).order_by().values_list("pk", "state"))


def _rates(sold: Sequence[Sold], below: Standings, above: Standings, parents: set[UUID]) -> RateBook:
    affiliates = {one.affiliate_id for one in sold if one.affiliate_id is not None} | parents
    return RateBook(
        affiliates=affiliates, tiers=below.tiers() | above.tiers(), programs={one.program.pk for one in sold}
    )
