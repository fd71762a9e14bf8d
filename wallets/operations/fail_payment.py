"""Give a direct payment up."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import follow
from wallets.errors import NotDirect, UnknownPayment
from wallets.models import PaymentRecord
from wallets.queries import checking
from wallets.states import PAYMENT_TRANSITIONS, PaymentMethod, PaymentState


@transaction.atomic
def fail_payment(payment_id: UUID, *, program_id: UUID, reason: str, at: datetime) -> PaymentRecord:
    """Say that a direct payment did not come. Should it come after all, it can still be confirmed.

    :raises UnknownPayment: if the program has no such payment.
    :raises NotDirect: if it was paid from a wallet.
    :raises WrongState: if it is paid, or was given up before.
    """
    reason = checking.require_reason(reason)
    payment = PaymentRecord.objects.locked().filter(pk=payment_id, program=program_id).first()
    if payment is None:
        raise UnknownPayment(payment=payment_id)
    if payment.method != PaymentMethod.DIRECT:
        raise NotDirect

    return follow(
        PAYMENT_TRANSITIONS, payment, to=PaymentState.FAILED, at=at, program_id=program_id, payload={"reason": reason}
    )
