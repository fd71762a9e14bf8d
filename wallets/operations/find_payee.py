"""Find who is paid."""

from datetime import datetime

from identity.models import Program
from ledger.models import Account, Asset
from ledger.operations import open_account
from wallets.queries.accounts import house_account_code, payee_account


def find_payee(code: str, *, program: Program, asset: Asset, at: datetime) -> Account:
    """Return the account of this code; without one the house's own: the treasury for points, revenue for money.

    :raises NotAPayee: if there is none, or payments do not go to such.
    """
    if code:
        return payee_account(program, asset, code)
    own = house_account_code(program, asset, "revenue")
    return open_account(own, program=program, asset_code=asset.code, at=at)
