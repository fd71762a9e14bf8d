"""Pay from a wallet."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from ledger.movements import Movement, Posting
from wallets.errors import NotAPayee
from wallets.models import PaymentRecord
from wallets.operations.book import book
from wallets.operations.find_payee import find_payee
from wallets.operations.lock_wallets import lock_wallets
from wallets.operations.mark_paid import mark_paid
from wallets.operations.open_payment import open_payment
from wallets.queries import checking
from wallets.queries.holdings import wallets_behind
from wallets.states import TransactionType


@transaction.atomic
def pay_from_wallet(
    wallet_id: UUID, *, program_id: UUID, amount: Decimal, payee: str = "", key: str, description: str = "",
    metadata: Mapping[str, Any] | None = None, version: int | None = None, at: datetime,
) -> PaymentRecord:  # fmt: skip
    """Pay ``amount`` to the account with the code ``payee``, or to the house itself. Asked again, it is found.

    The record is made, the wallet's line and balance are written, both are linked and the record is paid: all of that,
    or nothing.

    :raises UnknownWallet: if the program has no such wallet.
    :raises NotAPayee: if nobody can be paid there.
    :raises WalletRefused: if a wallet is closed, or the payer's has changed since the caller saw it.
    :raises BelowFloor: if less is available.
    :raises PostingRefused: if it can't be booked, or the key was used for something else.
    """
    house_key = checking.house_key(key)
    # What never changes about them says whom to lock.
    theirs = wallets_behind(payee, program_id=program_id).exclude(pk=wallet_id).values_list("pk", flat=True)
    wallets = lock_wallets(wallet_id, *theirs, program_id=program_id)
    wallet = wallets[0]
    if payee == wallet.account.code:
        raise NotAPayee(payee=payee, asset=wallet.asset.code)
    target = find_payee(payee, program=wallet.program, asset=wallet.asset, at=at)

    payment, is_new = open_payment(
        program_id=program_id, key=key, party_id=wallet.party_id, wallet=wallet, asset=wallet.asset, amount=amount,
        payee=target, description=description, metadata=metadata, at=at,
    )  # fmt: skip
    if not is_new:
        return payment
    checking.require_usable(is_closed=wallet.is_closed, version=wallet.version, seen=version)
    posting = Posting(
        program_id=program_id, key=house_key, kind="PAYMENT", memo=description, metadata=metadata,
        movements=(Movement(wallet.account_id, target.pk, amount),),
    )  # fmt: skip
    written = book(posting, wallets=wallets, kind=TransactionType.PAYMENT, payment=payment, at=at)
    return mark_paid(payment, booked_id=written.booked_id, line=written.in_wallet(wallet), at=at)
