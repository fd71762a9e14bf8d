"""Have a payout sent again that has failed."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.errors import WrongState
from audit.operations import record
from payouts.models import Payout
from payouts.operations.free_payout import require_approval
from payouts.operations.nudge_sending import nudge_sending
from payouts.queries.batches import locked_payout
from payouts.states import PayoutState
from wallets.queries.checking import require_reason


@transaction.atomic
def retry_payout(payout_id: UUID, *, program_id: UUID, reason: str, at: datetime) -> Payout:
    """Let it be tried once more, under a reference of its own: the rail has said that nothing was sent before.

    :raises UnknownPayout: if the program has no such payout.
    :raises WrongState: if it has not failed.
    :raises ApprovalOver: if the approval is over.
    """
    reason = require_reason(reason)
    batch, payout = locked_payout(payout_id, program_id=program_id)
    if payout.state != PayoutState.FAILED:
        raise WrongState(subject="payout", state=payout.get_state_display().lower(), wanted="tried again", possible=[])
    require_approval(batch.expires_at, at=at)

    if payout.retry_at is None:
        payout.retry_at = at
        payout.save(update_fields=("retry_at",))
        nudge_sending()
        record(
            "payouts.payout.retried", subject=payout, at=at, program_id=program_id, payload={"reason": reason}
        )  # fmt: skip
    return payout
