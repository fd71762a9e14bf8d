"""Freeze a wallet."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from ledger.states import AccountStatus
from wallets.models import Wallet
from wallets.operations.change_state import change_state
from wallets.states import WalletState


@transaction.atomic
def freeze(wallet_id: UUID, *, program_id: UUID, reason: str, version: int | None = None, at: datetime) -> Wallet:
    """Let the owner take nothing from the wallet any more; everything else still books to it.

    :raises UnknownWallet: if the program has no such wallet.
    :raises WrongState: if it is frozen or closed.
    """
    return change_state(
        wallet_id, program_id=program_id, to=WalletState.FROZEN, accounts_to=AccountStatus.FROZEN, reason=reason,
        version=version, at=at,
    )  # fmt: skip
