"""Add to a wallet what somebody has paid in."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from ledger.movements import Movement, Posting
from ledger.states import AssetKind
from wallets.errors import RailForPoints
from wallets.models import WalletTransaction
from wallets.operations.book import book
from wallets.operations.find_house_account import find_house_account
from wallets.operations.lock_wallets import lock_wallets
from wallets.queries import checking
from wallets.queries.accounts import clearing_of
from wallets.queries.holdings import is_booked
from wallets.states import TransactionType


@transaction.atomic
def top_up(
    wallet_id: UUID, *, program_id: UUID, amount: Decimal, rail: str = "", key: str, description: str = "",
    metadata: Mapping[str, Any] | None = None, effective_at: datetime | None = None, version: int | None = None,
    at: datetime,
) -> WalletTransaction:  # fmt: skip
    """Add ``amount``: points come from the treasury, money from the rail that received it. Asked again, it is found.

    :raises UnknownWallet: if the program has no such wallet.
    :raises RailNeeded: if it is money and no rail is named.
    :raises UnknownRail: if the program keeps no account there.
    :raises RailForPoints: if it is points and a rail is named.
    :raises WalletRefused: if the wallet is closed, or has changed since the caller saw it.
    :raises PostingRefused: if it can't be booked, or the key was used for something else.
    """
    house_key = checking.house_key(key)
    (wallet,) = lock_wallets(wallet_id, program_id=program_id)
    program, asset = wallet.program, wallet.asset
    if asset.kind == AssetKind.POINTS:
        if rail:
            raise RailForPoints(asset=asset.code)
        source_id = find_house_account(wallet, "treasury", at=at)
    else:
        source_id = clearing_of(program, asset, rail).pk
    checking.require_usable(
        is_closed=wallet.is_closed, version=wallet.version, seen=version,
        unless=lambda: is_booked(program_id, house_key),
    )  # fmt: skip

    posting = Posting(
        program_id=program_id, key=house_key, kind="TOPUP", memo=description, metadata=metadata,
        movements=(Movement(source_id, wallet.account_id, amount),), effective_at=effective_at,
    )  # fmt: skip
    return book(posting, wallets=[wallet], kind=TransactionType.DEPOSIT, at=at).in_wallet(wallet)
