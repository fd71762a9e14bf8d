"""Set something aside in a wallet."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from ledger import operations as ledger
from ledger.models import Hold
from wallets.models import Wallet
from wallets.operations.lock_wallets import lock_wallets
from wallets.queries import checking
from wallets.queries.holdings import is_booked


@transaction.atomic
def hold(
    wallet_id: UUID, *, program_id: UUID, amount: Decimal, key: str, expires_at: datetime | None = None,
    version: int | None = None, at: datetime,
) -> Hold:  # fmt: skip
    """Hold ``amount``: it stays in the wallet, and only a capture takes it. Asked again, it is found.

    :raises UnknownWallet: if the program has no such wallet.
    :raises WalletRefused: if the wallet is closed, or has changed since the caller saw it.
    :raises BelowFloor: if less is available.
    :raises PostingRefused: if it can't be booked, or the key was used for another hold.
    """
    checking.require_key(key)
    (wallet,) = lock_wallets(wallet_id, program_id=program_id)
    is_new = not is_booked(program_id, f"hold:wallets:{key}")
    if is_new:
        checking.require_usable(is_closed=wallet.is_closed, version=wallet.version, seen=version)

    held = ledger.hold(
        wallet.account_id, program_id=program_id, amount=amount, key=f"wallets:{key}", expires_at=expires_at, at=at
    )
    if is_new:
        Wallet.objects.filter(pk=wallet.pk).update(version=wallet.version + 1)
    return held
