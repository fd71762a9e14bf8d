"""Book a direct payment that is proven."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from ledger.movements import Movement, Posting
from wallets.errors import NotDirect, ReceiptUsed, UnknownPayment
from wallets.models import PaymentRecord, Wallet
from wallets.operations.book import book
from wallets.operations.lock_wallets import lock_wallets
from wallets.operations.mark_paid import mark_paid
from wallets.queries import checking
from wallets.queries.accounts import clearing_of
from wallets.states import PaymentMethod, TransactionType


@transaction.atomic
def confirm_payment(payment_id: UUID, *, program_id: UUID, receipt: str, at: datetime) -> PaymentRecord:
    """Book what the rail has received, and mark the payment as paid. Asked again, it is found.

    :raises UnknownPayment: if the program has no such payment.
    :raises NotDirect: if it was paid from a wallet.
    :raises ReceiptUsed: if the receipt proves another payment, or another proves this one.
    """
    checking.require_key(receipt)
    seen = PaymentRecord.objects.filter(pk=payment_id, program=program_id).first()
    if seen is None:
        raise UnknownPayment(payment=payment_id)
    if seen.method != PaymentMethod.DIRECT:
        raise NotDirect
    touched = Wallet.objects.filter(account=seen.payee_id).values_list("pk", flat=True)
    wallets = lock_wallets(*touched, program_id=program_id)
    payment = PaymentRecord.objects.locked().select_related("program", "asset").get(pk=payment_id)
    if payment.receipt and payment.receipt != receipt:
        raise ReceiptUsed(receipt=receipt)
    if payment.receipt:  # a rail says it twice, perhaps when it was refunded or charged back since
        return payment

    clearing = clearing_of(payment.program, payment.asset, payment.rail)
    posting = Posting(
        program_id=program_id, key=f"house:payment:{payment.pk}", kind="DIRECT_PAYMENT", memo=payment.description,
        movements=(Movement(clearing.pk, payment.payee_id, payment.amount),), metadata={"payment": str(payment.pk)},
    )  # fmt: skip
    written = book(posting, wallets=wallets, kind=TransactionType.PAYMENT, payment=payment, at=at)
    try:
        with transaction.atomic():
            return mark_paid(payment, booked_id=written.booked_id, receipt=receipt, at=at)
    except IntegrityError as taken:
        if "wallets_payment_receipt_once" not in str(taken):
            raise
        raise ReceiptUsed(receipt=receipt) from taken
