"""Take in that a rail has carried a direct payment."""

from datetime import datetime

from django.db import transaction

from audit.operations import follow
from identity.models import Program
from ledger.models import Asset
from ledger.money import plain
from wallets.errors import BadNotice
from wallets.operations.confirm_payment import confirm_payment
from wallets.operations.put_in_suspense import put_in_suspense
from wallets.queries import checking, notices
from wallets.queries.holdings import is_booked
from wallets.queries.payments import payment_at_rail
from wallets.rails import Applied, Delivery, Ignored
from wallets.states import PAYMENT_TRANSITIONS, PaymentState


@transaction.atomic
def take_confirmation(delivery: Delivery, at: datetime) -> Applied | Ignored:
    """Book a payment that came as it was asked for; what came otherwise waits in suspense, its payment for a person.

    :raises BadNotice: if the notice says no payment, amount, asset or receipt, or an asset that there is not.
    :raises ReceiptUsed: if the receipt proves another payment, or another proves this one.
    """
    said = notices.money(delivery.notice.data)
    payment = payment_at_rail(notices.payment(delivery.notice.data), program_id=delivery.program_id, rail=delivery.rail)
    if payment is not None and payment.receipt == said.receipt:
        return Ignored(f"Receipt {said.receipt} was booked before.")
    if payment is not None and (payment.asset.code, payment.amount) == (said.asset, said.amount):
        confirm_payment(payment.pk, program_id=delivery.program_id, receipt=said.receipt, at=at)
        return Applied({"payment": str(payment.pk)})

    asset = Asset.objects.filter(code=said.asset).first()
    if asset is None:
        raise BadNotice(reason=f"there is no asset {said.asset}")
    key = f"rail:{delivery.rail}:{said.receipt}"
    if is_booked(delivery.program_id, checking.house_key(key)):
        return Ignored(f"Receipt {said.receipt} was booked before.")
    program = Program.objects.get(pk=delivery.program_id)
    told = {"receipt": said.receipt, "rail": delivery.rail}
    booked_id = put_in_suspense(
        program, asset, rail=delivery.rail, amount=said.amount, key=key, metadata=told, at=at
    )  # fmt: skip
    if payment is not None and payment.state == PaymentState.PENDING:
        why = f"{plain(said.amount)} {said.asset} came for it, under {said.receipt}"
        follow(
            PAYMENT_TRANSITIONS, payment, to=PaymentState.REVIEW, at=at, program_id=payment.program_id,
            payload={"reason": why, "suspense": str(booked_id)},
        )  # fmt: skip
    return Applied({"suspense": str(booked_id)})
