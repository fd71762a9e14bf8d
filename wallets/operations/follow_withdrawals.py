"""Follow withdrawals to where their payouts are."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from audit.operations import follow_many
from audit.operations.follow_many import Step
from wallets.models import Withdrawal
from wallets.states import WITHDRAWAL_TRANSITIONS, WithdrawalState


def follow_withdrawals(ids: Collection[UUID], *, program_id: UUID, to: WithdrawalState, at: datetime) -> None:
    """Follow those that can go there; the others are there, or beyond it. The caller holds their locks.

    One that is unknown and tried again stays unknown: it was never known to be refused.
    """
    if not ids:
        return
    rows = Withdrawal.objects.locked().filter(pk__in=ids, program=program_id)
    ends = {"ended_at": at} if to in (WithdrawalState.PAID, WithdrawalState.RETURNED) else {}
    steps = [
        Step(pk=row.pk, source=row.state, to=to, program_id=program_id, values=ends)
        for row in rows
        if WITHDRAWAL_TRANSITIONS.edge(row.state, to) is not None
    ]
    follow_many(WITHDRAWAL_TRANSITIONS, steps, at=at)
