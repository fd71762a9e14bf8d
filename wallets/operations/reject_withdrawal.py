"""Turn a withdrawal down."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from wallets.errors import UnknownWithdrawal
from wallets.models import Withdrawal
from wallets.operations.cancel_withdrawal import require_stoppable
from wallets.operations.end_withdrawal import end_withdrawal
from wallets.queries import checking
from wallets.queries.withdrawals import withdrawal_of
from wallets.states import WithdrawalState


@transaction.atomic
def reject_withdrawal(withdrawal_id: UUID, *, program_id: UUID, reason: str, at: datetime) -> Withdrawal:
    """Give what is held back to the wallet, and say why to its owner.

    :raises UnknownWithdrawal: if the program has no such withdrawal.
    :raises WithdrawalInBatch: if others look at a batch that pays it, or have agreed to one.
    :raises WrongState: if it was sent, or has ended.
    """
    reason = checking.require_reason(reason)
    withdrawal = withdrawal_of(withdrawal_id, program_id=program_id)
    if withdrawal is None:
        raise UnknownWithdrawal(withdrawal=withdrawal_id)
    require_stoppable(withdrawal)
    return end_withdrawal(
        withdrawal, to=WithdrawalState.REJECTED, values={"reason": reason}, payload={"reason": reason}, at=at
    )
