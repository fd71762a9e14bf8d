"""Take a batch as approved: its last vote was given."""

from datetime import datetime
from uuid import UUID

from audit.operations import follow
from identity.models import Proposal
from payouts.errors import BatchChanged
from payouts.models import Payout, PayoutBatch
from payouts.operations.reserve import reserve
from payouts.queries.batches import contents_of, locked_batch
from payouts.states import BATCH_TRANSITIONS, BatchState, PayoutState


def approve_batch(proposal: Proposal, at: datetime) -> None:
    """Reserve what the batch pays. It is called in the transaction of the last vote, which fails if this does.

    :raises BatchChanged: if what is in the batch is not what was submitted.
    :raises WrongState: if it waits for no approval.
    :raises PostingRefused: if it can't be reserved.
    """
    batch = agreed_batch(proposal)
    payouts = list(Payout.objects.locked().filter(batch=batch, state=PayoutState.READY))
    reserve(batch, payouts, at=at)
    follow(
        BATCH_TRANSITIONS, batch, to=BatchState.APPROVED, at=at, program_id=batch.program_id,
        payload={"proposal": str(proposal.pk), "digest": batch.digest}, values={"approved_at": at},
    )  # fmt: skip


def agreed_batch(proposal: Proposal) -> PayoutBatch:
    """Return the batch that a proposal is about, locked, and just as it was submitted.

    :raises BatchChanged: if it is not.
    """
    batch = locked_batch(UUID(proposal.payload["batch"]), program_id=proposal.program_id)
    said = (proposal.payload["digest"], proposal.payload["revision"])
    if batch.proposal_id != proposal.pk or (batch.digest, batch.revision) != said:
        raise BatchChanged
    if contents_of(batch, revision=batch.revision).digest != batch.digest:
        raise BatchChanged
    return batch
