"""Take what is held in a wallet, as a payment."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from ledger import operations as ledger
from ledger.errors import UnknownHold
from ledger.models import Hold, Transaction
from wallets.errors import NotAPayee, UnknownWallet
from wallets.models import PaymentRecord, Wallet
from wallets.operations.find_payee import find_payee
from wallets.operations.lock_wallets import lock_wallets
from wallets.operations.mark_paid import mark_paid
from wallets.operations.note_booked import note_booked
from wallets.operations.open_payment import open_payment
from wallets.operations.release import require_no_withdrawal
from wallets.queries.holdings import wallets_behind
from wallets.states import TransactionType


@transaction.atomic
def capture(
    hold_id: UUID, *, program_id: UUID, amount: Decimal, payee: str = "", key: str, description: str = "",
    metadata: Mapping[str, Any] | None = None, at: datetime,
) -> PaymentRecord:  # fmt: skip
    """Pay ``amount`` of what is held to the account ``payee``, or to the house itself: never more than is left.

    :raises UnknownHold: if the program has no such hold.
    :raises UnknownWallet: if it is in no wallet.
    :raises HeldForWithdrawal: if a withdrawal is what it is held for.
    :raises NotAPayee: if nobody can be paid there.
    :raises HoldTooSmall: if less than that is still held.
    :raises PostingRefused: if it can't be booked, or the key was used for something else.
    """
    held = Hold.objects.filter(pk=hold_id, program_id=program_id).first()
    if held is None:
        raise UnknownHold(hold=hold_id)
    require_no_withdrawal(hold_id)
    own = Wallet.objects.filter(account=held.wallet_id).first()
    if own is None:
        raise UnknownWallet(wallet=held.wallet.code)
    theirs = wallets_behind(payee, program_id=program_id).exclude(pk=own.pk).values_list("pk", flat=True)
    wallets = lock_wallets(own.pk, *theirs, program_id=program_id)
    wallet = wallets[0]
    if payee == held.wallet.code:
        raise NotAPayee(payee=payee, asset=wallet.asset.code)
    target = find_payee(payee, program=wallet.program, asset=wallet.asset, at=at)

    payment, is_new = open_payment(
        program_id=program_id, key=key, party_id=wallet.party_id, wallet=wallet, asset=wallet.asset, amount=amount,
        payee=target, description=description, metadata={**(metadata or {}), "hold": str(hold_id)}, at=at,
    )  # fmt: skip
    if not is_new:
        return payment
    ledger.capture(hold_id, program_id=program_id, amount=amount, to=target.pk, key=f"wallets:{key}", at=at)
    booked = Transaction.objects.under_key(program_id, f"capture:wallets:{key}").get()
    lines = note_booked(
        booked.pk, wallets=wallets, kind=TransactionType.PAYMENT, payment=payment, description=description,
        metadata=payment.metadata, at=at,
    )  # fmt: skip
    return mark_paid(payment, booked_id=booked.pk, line=lines[0], at=at)
