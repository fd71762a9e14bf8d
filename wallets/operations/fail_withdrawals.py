"""Give back what was held for withdrawals whose payouts were given up."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from wallets.operations.end_withdrawal import end_withdrawal
from wallets.operations.lock_withdrawals import lock_withdrawals
from wallets.states import WithdrawalState


def fail_withdrawals(ids: Collection[UUID], *, program_id: UUID, at: datetime) -> None:
    """Follow them to failed: their owners have it again, and can take it out anew. The caller is in a transaction."""
    for withdrawal in lock_withdrawals(ids).values():
        assert withdrawal.program_id == program_id
        end_withdrawal(withdrawal, to=WithdrawalState.FAILED, values={}, payload={}, at=at)
