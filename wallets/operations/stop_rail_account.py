"""Stop a rail account."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import follow
from wallets.models import RailAccount
from wallets.operations.lock_rail_account import lock_rail_account
from wallets.queries import checking
from wallets.states import RAIL_ACCOUNT_TRANSITIONS, RailAccountState


@transaction.atomic
def stop_rail_account(account_id: UUID, *, program_id: UUID, reason: str, at: datetime) -> RailAccount:
    """Let nothing new go through the account; one person is enough for that. What the rail says is still taken in.

    :raises UnknownRailAccount: if the program has no such account.
    :raises WrongState: if it is not in use.
    """
    reason = checking.require_reason(reason)
    account = lock_rail_account(account_id, program_id=program_id)
    return follow(
        RAIL_ACCOUNT_TRANSITIONS, account, to=RailAccountState.STOPPED, at=at, program_id=program_id,
        payload={"reason": reason},
    )  # fmt: skip
