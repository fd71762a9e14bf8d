"""Release commissions that are on hold."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from affiliates.models import Commission
from affiliates.operations.change_commissions import Bulk, change_commissions
from affiliates.states import CommissionState
from audit import context
from wallets.queries.checking import require_reason


def release_commissions(ids: Sequence[UUID], *, program_id: UUID, reason: str, at: datetime) -> Bulk:
    """Let each go on where it would be by now: due, or waiting for the end of its hold period.

    :raises NoReason: if none is given.
    """

    def to(row: Commission) -> str:
        return CommissionState.DUE if row.payable_at <= at else CommissionState.ACCRUED

    actor = context.current().actor
    values = {"held_reason": "", "freed_by": f"{actor.type}:{actor.id}"[:250]}
    return change_commissions(
        ids, program_id=program_id, to=to, reason=require_reason(reason), values=lambda _: values, at=at
    )
