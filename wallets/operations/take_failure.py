"""Take in that a rail gives a direct payment up."""

from datetime import datetime

from django.db import transaction

from wallets.errors import UnknownPayment
from wallets.operations.fail_payment import fail_payment
from wallets.queries import notices
from wallets.queries.payments import payment_at_rail
from wallets.rails import Applied, Delivery, Ignored
from wallets.states import PaymentState


@transaction.atomic
def take_failure(delivery: Delivery, at: datetime) -> Applied | Ignored:
    """Give up a payment that the rail gives up; one that was paid by another notice stays paid.

    :raises BadNotice: if it names no payment.
    :raises UnknownPayment: if the program has no such payment at this rail.
    """
    named = notices.payment(delivery.notice.data)
    payment = payment_at_rail(named, program_id=delivery.program_id, rail=delivery.rail)
    if payment is None:
        raise UnknownPayment(payment=named)
    if payment.state != PaymentState.PENDING:
        return Ignored(f"The payment is {payment.get_state_display().lower()} already.")
    fail_payment(payment.pk, program_id=delivery.program_id, reason=notices.reason(delivery.notice.data), at=at)
    return Applied({"payment": str(payment.pk)})
