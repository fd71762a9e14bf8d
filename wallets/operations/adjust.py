"""Put a wallet right by hand."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from ledger.money import ZERO, exactly, plain
from ledger.movements import Movement, Posting
from wallets.errors import AdjustmentNeedsTwo
from wallets.models import Wallet, WalletTransaction
from wallets.operations.book import book
from wallets.operations.find_house_account import find_house_account
from wallets.operations.lock_wallets import lock_wallets
from wallets.queries import checking
from wallets.queries.holdings import is_booked
from wallets.queries.limits import adjustable_alone
from wallets.states import TransactionType


@transaction.atomic
def adjust(
    wallet_id: UUID, *, program_id: UUID, amount: Decimal, key: str, reason: str, agreed_by: UUID | None = None,
    version: int | None = None, at: datetime,
) -> WalletTransaction:  # fmt: skip
    """Add ``amount``, or take it when it is below zero. ``agreed_by`` is the proposal to which two people agreed.

    :raises UnknownWallet: if the program has no such wallet.
    :raises AdjustmentNeedsTwo: if it is more than one person may adjust alone, with the last day's, and no two agreed.
    :raises WalletRefused: if the wallet is closed, or has changed since the caller saw it, or no reason is given.
    :raises BelowFloor: if less is available than is to be taken.
    :raises PostingRefused: if it can't be booked, or the key was used for something else.
    """
    house_key, reason = checking.house_key(key), checking.require_reason(reason)
    (wallet,) = lock_wallets(wallet_id, program_id=program_id)
    checking.require_amount(abs(amount), asset=wallet.asset.code, scale=wallet.asset.scale)
    other_id = find_house_account(wallet, "expense", at=at)
    if not is_booked(program_id, house_key):
        checking.require_usable(is_closed=wallet.is_closed, version=wallet.version, seen=version)
        if agreed_by is None:
            _require_little(wallet, abs(amount), at=at)

    sides = (other_id, wallet.account_id) if amount > 0 else (wallet.account_id, other_id)
    posting = Posting(
        program_id=program_id, key=house_key, kind="ADJUSTMENT", memo=reason,
        movements=(Movement(*sides, abs(amount)),), metadata={"proposal": str(agreed_by)} if agreed_by else None,
    )  # fmt: skip
    return book(posting, wallets=[wallet], kind=TransactionType.ADJUSTMENT, at=at).in_wallet(wallet)


def _require_little(wallet: Wallet, amount: Decimal, *, at: datetime) -> None:
    """Refuse what many small adjustments would come to, as if it were one."""
    lately = wallet.transactions.filter(
        type=TransactionType.ADJUSTMENT, completed_at__gt=at - timedelta(days=1)
    ).exclude(metadata__has_key="proposal")
    with exactly():
        asked = amount + (lately.aggregate(sum=Sum("amount"))["sum"] or ZERO)
    most = adjustable_alone(wallet.program, wallet.asset)
    if asked > most:
        raise AdjustmentNeedsTwo(asked=plain(asked), asset=wallet.asset.code, most=plain(most))
