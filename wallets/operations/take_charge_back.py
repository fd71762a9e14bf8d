"""Take in that a rail has taken a direct payment back."""

from datetime import datetime

from django.db import transaction

from wallets.errors import BadNotice, UnknownPayment
from wallets.operations.charge_back_payment import charge_back_payment
from wallets.queries import checking, notices
from wallets.queries.holdings import is_booked
from wallets.queries.payments import payment_at_rail
from wallets.rails import Applied, Delivery, Ignored


@transaction.atomic
def take_charge_back(delivery: Delivery, at: datetime) -> Applied | Ignored:
    """Book that the rail took a payment back. Should its confirmation be still on its way, it is waited for.

    :raises BadNotice: if the notice says no amount or receipt, or names no payment.
    :raises UnknownPayment: if the program has no such payment at this rail.
    :raises NotChargeable: if it is more than was paid.
    :raises WrongState: if it is not paid, or was charged back before.
    """
    named, said = notices.payment(delivery.notice.data), notices.money(delivery.notice.data)
    payment = payment_at_rail(named, program_id=delivery.program_id, rail=delivery.rail)
    if payment is None:
        raise UnknownPayment(payment=named)
    if said.asset != payment.asset.code:
        raise BadNotice(reason=f"the payment was in {payment.asset.code}")
    key = f"rail:{delivery.rail}:back:{said.receipt}"
    if is_booked(delivery.program_id, checking.house_key(key)):
        return Ignored(f"Receipt {said.receipt} was booked before.")
    charge_back_payment(
        payment.pk, program_id=delivery.program_id, amount=said.amount, key=key,
        reason=notices.reason(delivery.notice.data), at=at,
    )  # fmt: skip
    return Applied({"payment": str(payment.pk)})
