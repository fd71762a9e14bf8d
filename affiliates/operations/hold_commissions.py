"""Put commissions on hold."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from affiliates.operations.change_commissions import Bulk, change_commissions
from affiliates.states import CommissionState
from wallets.queries.checking import require_reason


def hold_commissions(ids: Sequence[UUID], *, program_id: UUID, reason: str, at: datetime) -> Bulk:
    """Keep each from being paid until somebody releases it.

    :raises NoReason: if none is given.
    """
    said = require_reason(reason)
    return change_commissions(
        ids, program_id=program_id, to=lambda _: CommissionState.HELD, reason=said,
        values=lambda _: {"held_reason": said}, at=at,
    )  # fmt: skip
