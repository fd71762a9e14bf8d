"""Send a batch back to whom it came from: it was rejected, recalled, or nobody decided in time."""

from datetime import datetime
from uuid import UUID

from audit.operations import follow
from identity.models import Proposal
from identity.states import ProposalState
from payouts.models import Payout
from payouts.operations.leave_out import leave_out
from payouts.operations.reserve import unreserve
from payouts.operations.tell_payees import News, tell_payees
from payouts.queries.batches import locked_batch
from payouts.states import BATCH_TRANSITIONS, BatchState, PayoutState


def send_back_batch(proposal: Proposal, at: datetime) -> None:
    """Make the batch a draft again, or expired where it was approved and not started in time.

    It is called in the transaction that ends the proposal.
    """
    batch = locked_batch(UUID(proposal.payload["batch"]), program_id=proposal.program_id)
    if batch.proposal_id != proposal.pk or batch.state not in (BatchState.PENDING_APPROVAL, BatchState.APPROVED):
        return
    payload = {"proposal": str(proposal.pk), "proposal_is": str(proposal.state)}
    payouts = list(Payout.objects.locked().filter(batch=batch, state=PayoutState.READY))
    if batch.state == BatchState.PENDING_APPROVAL:
        tell_payees(payouts, News.TAKEN_BACK, at=at)
        follow(BATCH_TRANSITIONS, batch, to=BatchState.DRAFT, at=at, program_id=batch.program_id, payload=payload)
        return
    if proposal.state == ProposalState.EXPIRED:
        leave_out(
            batch, payouts, why="approval_over", reason="Nobody started the batch in time.", is_reserved=True, at=at
        )
        follow(BATCH_TRANSITIONS, batch, to=BatchState.EXPIRED, at=at, program_id=batch.program_id, payload=payload)
        return
    unreserve(batch, payouts)
    tell_payees(payouts, News.TAKEN_BACK, at=at)
    follow(
        BATCH_TRANSITIONS, batch, to=BatchState.DRAFT, at=at, program_id=batch.program_id, payload=payload,
        values={"approved_at": None},
    )  # fmt: skip
