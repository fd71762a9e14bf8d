"""Have an approved batch sent."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.errors import WrongState
from identity.models import User
from identity.operations import execute_proposal
from identity.states import Decision
from payouts.errors import MayNotExecute
from payouts.models import PayoutBatch
from payouts.operations.nudge_sending import nudge_sending
from payouts.operations.require_running import require_running
from payouts.queries.batches import batch_of
from payouts.states import BatchState


@transaction.atomic
def execute_batch(batch_id: UUID, *, program_id: UUID, by: User, at: datetime) -> PayoutBatch:
    """Start sending what is in it, once: whoever asks second finds it on its way.

    :raises UnknownBatch: if the program has no such batch.
    :raises WrongState: if it is not approved.
    :raises MayNotExecute: if ``by`` neither submitted nor approved it.
    :raises Stopped: if everything is stopped.
    :raises ProposalExpired: if its approval is over.
    :raises BatchChanged: if what is in it is not what was agreed on.
    :raises RailOutOfUse: if an account that it pays from is not in use.
    """
    batch = batch_of(batch_id, program_id=program_id)
    if batch.state != BatchState.APPROVED or batch.proposal is None:
        raise WrongState(subject="batch", state=batch.get_state_display().lower(), wanted="executed", possible=[])
    approved = batch.proposal.votes.filter(by=by, decision=Decision.APPROVE, revision=batch.proposal.revision)
    if batch.submitted_by_id != by.pk and not approved.exists():
        raise MayNotExecute
    require_running(program_id)
    execute_proposal(batch.proposal.pk, at=at)
    nudge_sending()
    batch.refresh_from_db()
    return batch
