"""Take what payouts pay as paid, as far as they have."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from affiliates import operations as affiliates
from affiliates.models import Commission
from affiliates.states import CommissionState
from ledger.money import ZERO, exactly
from payouts.models import Part, Payout, PayoutLine

REST = "What is not paid yet of a payout in parts."


def pay_rows(payouts: Sequence[Payout], *, at: datetime) -> None:
    """Follow the rows that payouts pay to PAID. Of one in parts the rest is carried on in a row of its own.

    So what is earned and not paid is at every moment what the books say.
    """
    for program_id, asset_id in {(payout.program_id, payout.asset_id) for payout in payouts}:
        some = [
            payout for payout in payouts
            if (payout.program_id, payout.asset_id) == (program_id, asset_id) and payout.affiliate_id is not None
        ]  # fmt: skip
        _pay(some, program_id=program_id, asset_id=asset_id, at=at)


def _pay(payouts: Sequence[Payout], *, program_id: UUID, asset_id: int, at: datetime) -> None:
    # By ids alone, neither joined nor by state: a batch is new to the planner, which would read all of it each time.
    lines = PayoutLine.objects.filter(payout__in=[payout.pk for payout in payouts], is_live=True)
    rows = Commission.objects.filter(pk__in=list(lines.values_list("commission", flat=True))).order_by()
    open_rows = [pk for pk, state in rows.values_list("pk", "state") if state == CommissionState.BATCHED]
    affiliates.settle_batched(open_rows, program_id=program_id, is_paid=True, at=at)
    rests = _rests(payouts)
    # Of one affiliate there may be several, from different batches.
    partly = [payout for payout in payouts if payout.pk in rests]
    carried = affiliates.carry_on(
        [(payout.payee_id, rests[payout.pk]) for payout in partly], program_id=program_id, asset_id=asset_id,
        reason=REST, out=CommissionState.PAID, on=CommissionState.BATCHED, at=at,
    )  # fmt: skip
    PayoutLine.objects.bulk_create(
        PayoutLine(program_id=program_id, payout=payout, commission_id=commission_id)
        for payout, pair in zip(partly, carried, strict=True)
        for commission_id in (pair.out_id, pair.on_id)
    )


def _rests(payouts: Sequence[Payout]) -> dict[UUID, Decimal]:
    """Return what is not paid yet of payouts in parts, with what will be withheld of it."""
    rests: dict[UUID, Decimal] = {}
    unpaid = Part.objects.filter(payout__in=[payout.pk for payout in payouts], paid_at=None)
    with exactly():
        for payout_id, amount, withheld in unpaid.values_list("payout", "amount", "withheld"):
            rests[payout_id] = rests.get(payout_id, ZERO) + amount + withheld
    return rests
