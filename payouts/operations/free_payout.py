"""Let a payout go on that was held."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import follow
from payouts.errors import ApprovalOver, NothingToPay
from payouts.models import Payout
from payouts.operations.nudge_sending import nudge_sending
from payouts.queries.batches import locked_payout
from payouts.queries.sendable import HAS_MOVED
from payouts.states import PAYOUT_TRANSITIONS, PayoutState
from wallets.queries.checking import require_reason


@transaction.atomic
def free_payout(payout_id: UUID, *, program_id: UUID, reason: str, at: datetime) -> Payout:
    """Make it ready again: whom and where others have agreed to pay is right once more, and their approval still good.

    :raises UnknownPayout: if the program has no such payout.
    :raises WrongState: if it is not held.
    :raises NothingToPay: if the payee still is not who they were.
    :raises ApprovalOver: if the approval is over.
    """
    reason = require_reason(reason)
    batch, payout = locked_payout(payout_id, program_id=program_id)
    require_approval(batch.expires_at, at=at)
    if payout.state == PayoutState.HELD and Payout.objects.filter(HAS_MOVED, pk=payout_id).exists():
        raise NothingToPay(payee=str(payout.affiliate or payout.outgoing or payout.withdrawal), reason=payout.reason)

    nudge_sending()
    return follow(
        PAYOUT_TRANSITIONS, payout, to=PayoutState.READY, at=at, program_id=program_id, payload={"reason": reason},
        values={"why": "", "reason": ""},
    )  # fmt: skip


def require_approval(expires_at: datetime | None, *, at: datetime) -> None:
    """Refuse to go on behind the end of an approval.

    :raises ApprovalOver: if it is over.
    """
    if expires_at is None or expires_at <= at:
        raise ApprovalOver(until=expires_at.isoformat() if expires_at else "never")
