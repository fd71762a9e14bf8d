"""Stop a withdrawal, as its owner."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from wallets.errors import UnknownWithdrawal, WithdrawalInBatch
from wallets.models import Withdrawal
from wallets.operations.end_withdrawal import end_withdrawal
from wallets.queries.withdrawals import withdrawal_of
from wallets.states import ENDABLE_WITHDRAWALS, WithdrawalState


@transaction.atomic
def cancel_withdrawal(withdrawal_id: UUID, *, program_id: UUID, at: datetime) -> Withdrawal:
    """Give what is held back to the wallet, as long as nobody else looks at a batch that pays it.

    :raises UnknownWithdrawal: if the program has no such withdrawal.
    :raises WithdrawalInBatch: if others look at a batch that pays it, or have agreed to one.
    :raises WrongState: if it was sent, or has ended.
    """
    withdrawal = withdrawal_of(withdrawal_id, program_id=program_id)
    if withdrawal is None:
        raise UnknownWithdrawal(withdrawal=withdrawal_id)
    require_stoppable(withdrawal)
    return end_withdrawal(withdrawal, to=WithdrawalState.CANCELLED, values={}, payload={}, at=at)


def require_stoppable(withdrawal: Withdrawal) -> None:
    """Refuse to stop what a batch pays that others look at. A draft leaves it out by itself.

    :raises WithdrawalInBatch: if one does.
    """
    if withdrawal.state in ENDABLE_WITHDRAWALS and withdrawal.batched_at is not None:
        raise WithdrawalInBatch
