"""Take somebody out of a batch."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.errors import WrongState
from identity.models import User
from payouts.errors import BatchIsFrozen
from payouts.models import Payout
from payouts.operations.leave_out import leave_out
from payouts.operations.note_makers import note_makers
from payouts.operations.settle_batches import settle_batch
from payouts.queries.batches import locked_payout
from payouts.states import RUNNING, BatchState, PayoutState, Role
from wallets.queries.checking import require_reason


@transaction.atomic
def exclude_payout(payout_id: UUID, *, program_id: UUID, reason: str, by: User, at: datetime) -> Payout:
    """Leave a payout out: of a draft, or one that is held, or not sent yet, of a batch that is on its way.

    :raises UnknownPayout: if the program has no such payout.
    :raises BatchIsFrozen: if others look at the batch, or have agreed to it and nothing was started.
    :raises WrongState: if something of it was sent.
    """
    reason = require_reason(reason)
    batch, payout = locked_payout(payout_id, program_id=program_id)
    is_running = batch.state in RUNNING
    if batch.state != BatchState.DRAFT and not is_running:
        raise BatchIsFrozen(state=batch.get_state_display().lower())
    if payout.state not in (PayoutState.READY, PayoutState.HELD) or payout.attempts.exists():
        raise WrongState(
            subject="payout", state=payout.get_state_display().lower(), wanted="left out", possible=[]
        )  # fmt: skip

    leave_out(batch, [payout], why="by_hand", reason=reason, is_reserved=is_running, at=at)
    if is_running:
        settle_batch(batch, at=at)
    else:
        note_makers(batch, [(by.pk, Role.CHANGED)], at=at)
    return payout
