"""Take back from who was paid what a rail has taken back from us."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from audit.operations import follow
from ledger.money import exactly, plain
from ledger.movements import Movement, Posting
from ledger.operations import open_account
from wallets.errors import NotChargeable, UnknownPayment
from wallets.models import PaymentRecord, Wallet
from wallets.operations.book import book
from wallets.operations.lock_wallets import lock_wallets
from wallets.queries import checking
from wallets.queries.accounts import float_of
from wallets.queries.holdings import is_booked
from wallets.states import PAYMENT_TRANSITIONS, PaymentMethod, PaymentState, TransactionType


@transaction.atomic
def charge_back_payment(
    payment_id: UUID, *, program_id: UUID, amount: Decimal, key: str, reason: str, at: datetime
) -> PaymentRecord:
    """Book that a direct payment was charged back, refunded or not: who was paid loses it, and may come to owe it.

    :raises UnknownPayment: if the program has no such payment.
    :raises NotChargeable: if no rail carried it, or it is more than was paid.
    :raises WrongState: if it is not paid, or was charged back before.
    :raises PostingRefused: if the key was used for something else.
    """
    house_key, reason = checking.house_key(key), checking.require_reason(reason)
    seen = PaymentRecord.objects.filter(pk=payment_id, program=program_id).first()
    if seen is None:
        raise UnknownPayment(payment=payment_id)
    if seen.method != PaymentMethod.DIRECT:
        raise NotChargeable(reason="it was paid from a wallet")
    touched = Wallet.objects.filter(account=seen.payee_id).values_list("pk", flat=True)
    wallets = lock_wallets(*touched, program_id=program_id)
    payment = PaymentRecord.objects.locked().select_related("program", "asset", "payee").get(pk=payment_id)
    checking.require_amount(amount, asset=payment.asset.code, scale=payment.asset.scale)
    if amount > payment.amount:
        raise NotChargeable(reason=f"{plain(payment.amount)} was paid")

    is_new = not is_booked(program_id, house_key)
    if is_new:
        with exactly():
            payment.charged_back += amount
        follow(
            PAYMENT_TRANSITIONS, payment, to=PaymentState.CHARGED_BACK, at=at, program_id=program_id,
            payload={"amount": plain(amount), "reason": reason},
        )  # fmt: skip
        payment.save(update_fields=("charged_back",))
    held_at_rail = float_of(payment.program, payment.asset, payment.rail)
    open_account(f"rail:{payment.rail}:suspense", program=payment.program, asset_code=payment.asset.code, at=at)
    posting = Posting(
        program_id=program_id, key=house_key, kind="CHARGEBACK", memo=reason, metadata={"payment": str(payment.pk)},
        movements=(Movement(payment.payee_id, held_at_rail.pk, amount),), corrects=payment.ledger_transaction_id,
    )  # fmt: skip
    book(posting, wallets=wallets, kind=TransactionType.CHARGEBACK, payment=payment, at=at)
    return payment
