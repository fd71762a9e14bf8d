"""Say of a payment what has booked it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import follow
from wallets.models import PaymentRecord, WalletTransaction
from wallets.states import PAYMENT_TRANSITIONS, PaymentState


@transaction.atomic
def mark_paid(
    payment: PaymentRecord, *, booked_id: UUID, line: WalletTransaction | None = None, receipt: str = "", at: datetime
) -> PaymentRecord:
    """Link ``payment`` with what was booked, and with the wallet's line when it has one, and mark it as paid.

    The caller holds the payment's lock, or has made it, and has booked in this database transaction.

    :raises WrongState: if it can't become paid.
    """
    payment.ledger_transaction_id, payment.wallet_transaction = booked_id, line
    payment.receipt, payment.paid_at = receipt, at
    payment.save(update_fields=("ledger_transaction", "wallet_transaction", "receipt", "paid_at"))
    return follow(
        PAYMENT_TRANSITIONS, payment, to=PaymentState.PAID, at=at, program_id=payment.program_id,
        payload={"transaction": str(booked_id)},
    )  # fmt: skip
