"""Close a wallet."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from ledger.money import plain
from ledger.states import AccountStatus
from wallets.errors import WalletNotEmpty
from wallets.models import Wallet
from wallets.operations.change_state import change_state
from wallets.operations.lock_wallets import lock_wallets
from wallets.queries.holdings import holding
from wallets.states import WalletState


@transaction.atomic
def close(wallet_id: UUID, *, program_id: UUID, reason: str, version: int | None = None, at: datetime) -> Wallet:
    """Close the wallet for good. Nothing is available, held or owed in it.

    :raises UnknownWallet: if the program has no such wallet.
    :raises WalletNotEmpty: if something is.
    :raises WrongState: if it is closed.
    """
    (wallet,) = lock_wallets(wallet_id, program_id=program_id)
    there = holding(wallet)
    if there.available or there.reserved or there.owed:
        raise WalletNotEmpty(available=plain(there.available), reserved=plain(there.reserved), owed=plain(there.owed))

    return change_state(
        wallet_id, program_id=program_id, to=WalletState.CLOSED, accounts_to=AccountStatus.CLOSED, reason=reason,
        version=version, at=at,
    )  # fmt: skip
