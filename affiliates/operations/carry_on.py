"""Carry on what a payout can't pay, or has not paid yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from affiliates.models import Commission
from affiliates.states import CommissionState, CommissionType


@dataclass(frozen=True, slots=True)
class Carried:
    """The two rows: what was taken out, and the same carried on."""

    out_id: UUID
    on_id: UUID


def carry_on(
    left: Sequence[tuple[UUID, Decimal]], *, program_id: UUID, asset_id: int, reason: str, out: CommissionState,
    on: CommissionState, at: datetime,
) -> list[Carried]:  # fmt: skip
    """Write two rows for each affiliate and amount, which come to nothing: it is taken ``out``, and carried ``on``.

    Return them in the same order. Nothing is booked: what is owed stays the same.
    """
    pairs = []
    for affiliate_id, amount in left:
        common = {
            "program_id": program_id, "affiliate_id": affiliate_id, "asset_id": asset_id, "reason": reason,
            "type": CommissionType.CARRY, "accrued_at": at, "payable_at": at,
        }  # fmt: skip
        paid_at = at if out == CommissionState.PAID else None
        pairs.append(
            (
                Commission(state=out, amount=-amount, paid_at=paid_at, **common),
                Commission(state=on, amount=amount, **common),
            )
        )
    Commission.objects.bulk_create([row for pair in pairs for row in pair], batch_size=2_000)
    return [Carried(one.pk, other.pk) for one, other in pairs]
