"""Take a withdrawal as fit to be paid."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import follow
from identity.models import User
from wallets.errors import OwnWithdrawal, UnknownWithdrawal
from wallets.models import Withdrawal
from wallets.queries.withdrawals import withdrawal_of
from wallets.states import WITHDRAWAL_TRANSITIONS, WithdrawalState


@transaction.atomic
def approve_withdrawal(withdrawal_id: UUID, *, program_id: UUID, by: User, at: datetime) -> Withdrawal:
    """Let the next batch pay it. Others agree to that batch, and whoever approves has no vote on it.

    :raises UnknownWithdrawal: if the program has no such withdrawal.
    :raises OwnWithdrawal: if ``by`` takes it out, or has asked for it.
    :raises WrongState: if it waits for no approval.
    """
    withdrawal = withdrawal_of(withdrawal_id, program_id=program_id)
    if withdrawal is None:
        raise UnknownWithdrawal(withdrawal=withdrawal_id)
    who = f"user:{by.pk}"
    if withdrawal.wallet.party.user_id == by.pk or withdrawal.requested_by == who:
        raise OwnWithdrawal

    return follow(
        WITHDRAWAL_TRANSITIONS, withdrawal, to=WithdrawalState.APPROVED, at=at, program_id=program_id,
        values={"approved_by": who, "approved_at": at},
    )  # fmt: skip
