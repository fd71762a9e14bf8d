"""Close a rail account."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import follow
from ledger.models import Account
from ledger.queries.balances import balance_now
from wallets.errors import RailHoldsMoney
from wallets.models import RailAccount
from wallets.operations.lock_rail_account import lock_rail_account
from wallets.queries import checking
from wallets.queries.rail_accounts import account_codes
from wallets.states import RAIL_ACCOUNT_TRANSITIONS, RailAccountState


@transaction.atomic
def close_rail_account(account_id: UUID, *, program_id: UUID, reason: str, at: datetime) -> RailAccount:
    """Close the account for good: its number may be another's. What its rail still says is taken in, to suspense.

    :raises UnknownRailAccount: if the program has no such account.
    :raises RailHoldsMoney: if the books have money there, or on its way. What the rail has cost does not matter.
    :raises WrongState: if it is in use: it is stopped first.
    """
    reason = checking.require_reason(reason)
    account = lock_rail_account(account_id, program_id=program_id)
    codes = [code for code in account_codes(account) if not code.endswith(":fees")]
    for held in Account.objects.filter(program=program_id, code__in=codes).order_by("code", "asset"):
        if balance_now(held):
            raise RailHoldsMoney(account=held.code)
    return follow(
        RAIL_ACCOUNT_TRANSITIONS, account, to=RailAccountState.CLOSED, at=at, program_id=program_id,
        payload={"reason": reason},
    )  # fmt: skip
