"""Note that others look at a batch that pays withdrawals."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from wallets.models import Withdrawal
from wallets.states import WithdrawalState


def batch_withdrawals(ids: Collection[UUID], *, program_id: UUID, at: datetime) -> None:
    """Let their owners cancel them no more. The caller holds their locks."""
    approved = Withdrawal.objects.filter(pk__in=ids, program=program_id, state=WithdrawalState.APPROVED)
    approved.filter(batched_at=None).update(batched_at=at)
