"""Let a rail account be used."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import follow
from wallets.models import RailAccount
from wallets.operations.lock_rail_account import lock_rail_account
from wallets.operations.open_rail_books import open_rail_books
from wallets.states import RAIL_ACCOUNT_TRANSITIONS, RailAccountState


@transaction.atomic
def activate_rail_account(account_id: UUID, *, program_id: UUID, version: int, at: datetime) -> RailAccount:
    """Open the account in the books, and listen to it from now on. Two people have said so.

    :raises UnknownRailAccount: if the program has no such account.
    :raises BadRailAccount: if it is closed.
    :raises RailAccountChanged: if it is not the version that was voted on.
    :raises WrongState: if it is in use already.
    """
    account = lock_rail_account(account_id, program_id=program_id, version=version)
    open_rail_books(account, at=at)
    return follow(
        RAIL_ACCOUNT_TRANSITIONS, account, to=RailAccountState.ACTIVE, at=at, program_id=program_id,
        payload={"version": account.version},
    )  # fmt: skip
