"""Throw a draft away."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import follow
from identity.models import User
from payouts.models import Payout, PayoutBatch
from payouts.operations.collect_due import require_draft
from payouts.operations.leave_out import leave_out
from payouts.operations.note_makers import note_makers
from payouts.queries.batches import locked_batch
from payouts.states import BATCH_TRANSITIONS, BatchState, PayoutState, Role
from wallets.queries.checking import require_reason


@transaction.atomic
def cancel_batch(batch_id: UUID, *, program_id: UUID, reason: str, by: User, at: datetime) -> PayoutBatch:
    """Give up a draft; what it would have paid is due again.

    :raises UnknownBatch: if the program has no such batch.
    :raises BatchIsFrozen: if it is no draft.
    """
    reason = require_reason(reason)
    batch = locked_batch(batch_id, program_id=program_id)
    require_draft(batch)

    ready = list(Payout.objects.locked().filter(batch=batch).exclude(state=PayoutState.EXCLUDED))
    leave_out(batch, ready, why="batch_cancelled", reason="The batch was cancelled.", is_reserved=False, at=at)
    note_makers(batch, [(by.pk, Role.CHANGED)], at=at)
    return follow(
        BATCH_TRANSITIONS, batch, to=BatchState.CANCELLED, at=at, program_id=program_id, payload={"reason": reason}
    )
