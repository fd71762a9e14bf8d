"""Agree to a batch, or refuse it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.errors import WrongState
from identity.errors import ProposalChanged
from identity.models import User
from identity.operations import vote
from identity.states import Decision
from payouts.models import PayoutBatch
from payouts.queries.batches import batch_of
from payouts.states import BatchState


@transaction.atomic
def vote_on_batch(
    batch_id: UUID, *, program_id: UUID, revision: int, digest: str, decision: Decision, comment: str = "", by: User,
    at: datetime,
) -> PayoutBatch:  # fmt: skip
    """Record a vote on exactly what ``by`` has read: the batch's revision, and the digest of what is in it.

    :raises UnknownBatch: if the program has no such batch.
    :raises WrongState: if it waits for no votes.
    :raises ProposalChanged: if another revision stands now.
    :raises DomainError: whatever speaks against the vote, or against what it would approve.
    """
    batch = batch_of(batch_id, program_id=program_id)
    if batch.state != BatchState.PENDING_APPROVAL or batch.proposal is None:
        raise WrongState(subject="batch", state=batch.get_state_display().lower(), wanted="voted on", possible=[])
    if (batch.revision, batch.digest) != (revision, digest):
        raise ProposalChanged(revision=batch.revision, digest=batch.digest)
    proposal = batch.proposal
    vote(
        proposal.pk, revision=proposal.revision, digest=proposal.digest, decision=decision, comment=comment, by=by,
        at=at,
    )  # fmt: skip
    batch.refresh_from_db()
    return batch
