"""Note that nobody looks any more at a batch that pays withdrawals."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from wallets.models import Withdrawal
from wallets.states import WithdrawalState


def unbatch_withdrawals(ids: Collection[UUID], *, program_id: UUID, at: datetime) -> None:
    """Let their owners cancel them again: nothing of them was sent, and the next batch can pay them."""
    rows = Withdrawal.objects.locked().filter(pk__in=ids, program=program_id, state=WithdrawalState.APPROVED)
    Withdrawal.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(batched_at=None)
