"""Find where what leaves a wallet goes, and what is given comes from."""

from datetime import datetime

from ledger.models import Account
from ledger.operations import open_account
from wallets.models import Wallet
from wallets.queries.accounts import house_account_code


def find_house_account(wallet: Wallet, name: str, *, at: datetime) -> int:
    """Return the id of the treasury for points, and of the program's own account of that name for money.

    :raises BadAccountCode: if the program has no account of such a name.
    """
    code = house_account_code(wallet.program, wallet.asset, name)
    # Nearly always it is there, and then nothing but its id is asked for.
    known = Account.objects.filter(program=wallet.program_id, asset=wallet.asset_id, code=code).order_by()
    for account_id in known.values_list("pk", flat=True)[:1]:
        return account_id
    return open_account(code, program=wallet.program, asset_code=wallet.asset.code, at=at).pk
