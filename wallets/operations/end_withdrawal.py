"""Give back what was held for a withdrawal that comes to nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.operations import follow
from wallets.models import Withdrawal
from wallets.operations.release import give_back
from wallets.states import TRANSACTION_TRANSITIONS, WITHDRAWAL_TRANSITIONS, TransactionStatus, WithdrawalState


@transaction.atomic
def end_withdrawal(
    withdrawal: Withdrawal, *, to: WithdrawalState, values: Mapping[str, Any], payload: Mapping[str, Any], at: datetime
) -> Withdrawal:
    """Follow it to where it ends, its line with it, and release its hold. The caller holds its lock.

    :raises WrongState: if it can't end so from where it is.
    """
    program_id = withdrawal.program_id
    follow(
        WITHDRAWAL_TRANSITIONS, withdrawal, to=to, at=at, program_id=program_id, payload=payload,
        values={**values, "ended_at": at},
    )  # fmt: skip
    follow(
        TRANSACTION_TRANSITIONS, withdrawal.wallet_transaction, to=TransactionStatus.FAILED, at=at,
        program_id=program_id, payload={"withdrawal": str(withdrawal.pk)},
    )  # fmt: skip
    give_back(withdrawal.hold_id, program_id=program_id, at=at)
    return withdrawal
