"""What can be sent next from a rail account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum

from affiliates.states import AffiliateState, MethodState
from ledger.money import ZERO
from payouts import rules
from payouts.models import Attempt, Part, Payout, PayoutBatch
from payouts.states import IN_FLIGHT, RUNNING, AttemptState, PayoutState
from wallets.models import RailAccount
from wallets.queries.senders import unit_of
from wallets.rails.sending import Order, Payer
from wallets.states import WalletState, WithdrawalState

# A withdrawal that is to be paid, or was tried and not given up.
_GOING = (WithdrawalState.APPROVED, WithdrawalState.SENT, WithdrawalState.UNKNOWN)
# A payee who is not who they were when others agreed: paid elsewhere now, stopped, or closed.
HAS_MOVED = (
    Q(method__isnull=False) & ~Q(method__state=MethodState.USABLE)
    | Q(affiliate__isnull=False) & ~Q(affiliate__state=AffiliateState.ACTIVE)
    | Q(outgoing__isnull=False) & ~Q(outgoing__destination=F("destination"))
    | Q(withdrawal__isnull=False)
    & ~Q(withdrawal__wallet__state=WalletState.ACTIVE, withdrawal__state__in=_GOING)
)  # fmt: skip
_TO_SEND = Q(state=PayoutState.READY) | Q(state=PayoutState.FAILED, retry_at__isnull=False)
_ON_ITS_WAY = Q(state__in=(PayoutState.SENDING, PayoutState.ACCEPTED))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A part that is to be sent."""

    payout: Payout
    part: Part

    def order(self, reference: str) -> Order:
        """Return what the rail is told, under a reference."""
        return order_of(self.payout, amount=self.part.amount, reference=reference)


def order_of(payout: Payout, *, amount: Decimal, reference: str) -> Order:
    """Return what a rail is told."""
    return Order(
        reference=reference, amount=amount, unit=unit_of(payout.asset), destination=payout.destination,
        holder=payout.holder, note=f"Payout B{payout.batch.number}",
    )  # fmt: skip


def payouts_to_send(account: RailAccount, *, at: datetime) -> QuerySet[Payout]:
    """Return what a person's approval still lets go from an account."""
    return Payout.objects.filter(rail_account=account, batch__state__in=RUNNING, batch__expires_at__gt=at)


def open_parts(payouts: Sequence[Payout]) -> list[Part]:
    """Return the parts that are neither paid nor perhaps on their way."""
    in_flight = Attempt.objects.filter(part=OuterRef("pk"), state__in=IN_FLIGHT)
    return list(
        Part.objects.filter(~Exists(in_flight), payout__in=payouts, paid_at=None).order_by("payout_id", "number")
    )  # fmt: skip


def wanted_from(
    account: RailAccount, *, payer: Payer, at: datetime, batch: PayoutBatch | None = None,
    at_most: int = rules.GROUP_AT_MOST,
) -> list[Wanted]:  # fmt: skip
    """Return what can be sent next from an account, or of one batch: the oldest first, no more than goes at once."""
    to_send = payouts_to_send(account, at=at).select_related("asset", "batch").order_by("pk")
    if batch is not None:
        to_send = to_send.filter(batch=batch)
    untried = Part.objects.filter(payout=OuterRef("pk"), attempts=None)
    payouts = [
        *to_send.filter(_TO_SEND)[:at_most],
        # Of some a part waits while others are on their way.
        *to_send.filter(_ON_ITS_WAY & Exists(untried.filter(number__gt=1)))[:at_most],
    ]
    by_id = {payout.pk: payout for payout in payouts}
    wanted = [Wanted(by_id[part.payout_id], part) for part in open_parts(payouts)]
    limits = {payout.asset_id: payer.limits(unit_of(payout.asset)) for payout in payouts}
    for asset_id, limit in limits.items():
        if limit.most_a_day is not None:
            others = [each for each in wanted if each.payout.asset_id != asset_id]
            own = [each for each in wanted if each.payout.asset_id == asset_id]
            wanted = [*others, *_within_a_day(own, most=limit.most_a_day, at=at)]
    return wanted[:at_most]


@dataclass(frozen=True, slots=True)
class Locked:
    """A payout with its lock, and whether its payee is not who they were any more."""

    payout: Payout
    has_moved: bool


def lock_to_send(ids: Sequence[UUID], account: RailAccount, *, at: datetime) -> dict[UUID, Locked]:
    """Return those that can still be sent, locked."""
    locked = (
        Payout.objects.locked()
        .filter(_TO_SEND | _ON_ITS_WAY, pk__in=ids)
        .filter(pk__in=payouts_to_send(account, at=at))
    )
    found = {payout.pk: payout for payout in locked.select_related("asset", "batch")}
    moved = set(Payout.objects.filter(HAS_MOVED, pk__in=found).values_list("pk", flat=True))
    return {pk: Locked(payout, pk in moved) for pk, payout in found.items()}


def _within_a_day(wanted: Sequence[Wanted], *, most: Decimal, at: datetime) -> list[Wanted]:
    """Return those that the rail still takes today: it adds up what one destination gets."""
    begins = at.replace(hour=0, minute=0, second=0, microsecond=0)
    sent = dict(
        Attempt.objects.filter(
            payout__destination__in={each.payout.destination for each in wanted},
            stored_at__gte=begins,
            payout__asset__in={each.payout.asset_id for each in wanted},
        )
        .exclude(state=AttemptState.REFUSED)
        .order_by()
        .values_list("payout__destination")
        .annotate(sum=Sum("amount"))
    )
    taken = []
    for each in wanted:
        already = sent.get(each.payout.destination, ZERO)
        if already + each.part.amount <= most:
            sent[each.payout.destination] = already + each.part.amount
            taken.append(each)
    return taken
