"""Take a batch back that waits for approval, or is approved and not started."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.errors import WrongState
from identity.models import User
from identity.operations import recall_proposal
from payouts.models import PayoutBatch
from payouts.queries.batches import batch_of
from payouts.states import BatchState
from wallets.queries.checking import require_reason

_RECALLABLE = (BatchState.PENDING_APPROVAL, BatchState.APPROVED)


@transaction.atomic
def recall_batch(batch_id: UUID, *, program_id: UUID, reason: str, by: User, at: datetime) -> PayoutBatch:
    """Make it a draft again; what was reserved goes back.

    :raises UnknownBatch: if the program has no such batch.
    :raises WrongState: if it neither waits for approval nor is approved and not started.
    :raises NotTheMaker: if ``by`` had no hand in it.
    """
    reason = require_reason(reason)
    batch = batch_of(batch_id, program_id=program_id)
    # The proposal's lock comes before the batch's, as where votes are counted.
    if batch.state not in _RECALLABLE or batch.proposal_id is None:
        raise WrongState(
            subject="batch", state=batch.get_state_display().lower(), wanted="a draft again", possible=[]
        )  # fmt: skip
    recall_proposal(batch.proposal_id, reason=reason, by=by, at=at)
    batch.refresh_from_db()
    return batch
