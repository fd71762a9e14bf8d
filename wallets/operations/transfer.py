"""Move something from one wallet to another."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from ledger.movements import Movement, Posting
from wallets.errors import TransferToSelf
from wallets.models import WalletTransaction
from wallets.operations.book import book
from wallets.operations.lock_wallets import lock_wallets
from wallets.queries import checking
from wallets.queries.holdings import is_booked
from wallets.states import TransactionType


@transaction.atomic
def transfer(
    wallet_id: UUID, *, program_id: UUID, to: UUID, amount: Decimal, key: str, description: str = "",
    metadata: Mapping[str, Any] | None = None, version: int | None = None, at: datetime,
) -> WalletTransaction:  # fmt: skip
    """Move ``amount`` to the wallet ``to``, and return the sender's line. Asked again, it is found.

    :raises TransferToSelf: if both are the same wallet.
    :raises UnknownWallet: if the program has not both.
    :raises WalletRefused: if a wallet is closed, or the sender's has changed since the caller saw it.
    :raises BelowFloor: if less is available.
    :raises PostingRefused: if it can't be booked, or the key was used for something else.
    """
    house_key = checking.house_key(key)
    if wallet_id == to:
        raise TransferToSelf
    sender, receiver = lock_wallets(wallet_id, to, program_id=program_id)
    for wallet, seen in ((sender, version), (receiver, None)):
        checking.require_usable(
            is_closed=wallet.is_closed, version=wallet.version, seen=seen,
            unless=lambda: is_booked(program_id, house_key),
        )  # fmt: skip

    posting = Posting(
        program_id=program_id, key=house_key, kind="TRANSFER", memo=description, metadata=metadata,
        movements=(Movement(sender.account_id, receiver.account_id, amount),),
    )  # fmt: skip
    return book(posting, wallets=[sender, receiver], kind=TransactionType.TRANSFER, at=at).in_wallet(sender)
