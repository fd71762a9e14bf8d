"""Give back to who was paid what a rail gives back to us."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import follow
from ledger.money import ZERO
from ledger.movements import Movement, Posting
from wallets.errors import NotChargeable, UnknownPayment
from wallets.models import PaymentRecord, Wallet
from wallets.operations.book import book
from wallets.operations.lock_wallets import lock_wallets
from wallets.queries import checking
from wallets.queries.accounts import clearing_of
from wallets.queries.holdings import is_booked
from wallets.states import PAYMENT_TRANSITIONS, PaymentState, TransactionType


@transaction.atomic
def win_charge_back(payment_id: UUID, *, program_id: UUID, key: str, reason: str, at: datetime) -> PaymentRecord:
    """Book that a charge-back was contested and won; what it left owed is repaid first. Asked again, it is found.

    :raises UnknownPayment: if the program has no such payment.
    :raises NotChargeable: if it was not charged back.
    :raises PostingRefused: if the key was used for something else.
    """
    house_key, reason = checking.house_key(key), checking.require_reason(reason)
    seen = PaymentRecord.objects.filter(pk=payment_id, program=program_id).first()
    if seen is None:
        raise UnknownPayment(payment=payment_id)
    touched = Wallet.objects.filter(account=seen.payee_id).values_list("pk", flat=True)
    wallets = lock_wallets(*touched, program_id=program_id)
    payment = PaymentRecord.objects.locked().select_related("program", "asset").get(pk=payment_id)
    if payment.state != PaymentState.CHARGED_BACK:
        if is_booked(program_id, house_key):
            return payment
        raise NotChargeable(reason="it was not charged back")

    clearing = clearing_of(payment.program, payment.asset, payment.rail)
    posting = Posting(
        program_id=program_id, key=house_key, kind="CHARGEBACK_WON", memo=reason,
        movements=(Movement(clearing.pk, payment.payee_id, payment.charged_back),),
        metadata={"payment": str(payment.pk)}, corrects=payment.ledger_transaction_id,
    )  # fmt: skip
    written = book(posting, wallets=wallets, kind=TransactionType.CHARGEBACK, payment=payment, at=at)
    payment.charged_back = ZERO
    payment.save(update_fields=("charged_back",))
    return follow(
        PAYMENT_TRANSITIONS, payment, to=PaymentState.PAID, at=at, program_id=program_id,
        payload={"reason": reason, "transaction": str(written.booked_id)},
    )  # fmt: skip
