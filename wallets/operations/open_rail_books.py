"""Open the accounts that a rail account has in the books."""

from datetime import datetime

from ledger.operations import open_account
from wallets.models import RailAccount
from wallets.queries.rail_accounts import account_codes


def open_rail_books(account: RailAccount, *, at: datetime) -> None:
    """Open what the rail account needs in each of its assets; what is there stays."""
    for asset in account.assets:
        for code in account_codes(account):
            open_account(code, program=account.program, asset_code=asset, at=at)
