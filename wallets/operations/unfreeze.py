"""Let the owner of a frozen wallet have it again."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from ledger.states import AccountStatus
from wallets.models import Wallet
from wallets.operations.change_state import change_state
from wallets.states import WalletState


@transaction.atomic
def unfreeze(wallet_id: UUID, *, program_id: UUID, reason: str, version: int | None = None, at: datetime) -> Wallet:
    """Make a frozen wallet active again.

    :raises UnknownWallet: if the program has no such wallet.
    :raises WrongState: if it is not frozen.
    """
    return change_state(
        wallet_id, program_id=program_id, to=WalletState.ACTIVE, accounts_to=AccountStatus.OPEN, reason=reason,
        version=version, at=at,
    )  # fmt: skip
