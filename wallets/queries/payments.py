"""Payments, found by what somebody knows of them."""

from uuid import UUID

from wallets.models import PaymentRecord
from wallets.states import PaymentMethod


def payment_at_rail(payment_id: UUID, *, program_id: UUID, rail: str) -> PaymentRecord | None:
    """Return a direct payment of the program through this rail, if it is one."""
    rows = PaymentRecord.objects.filter(program=program_id, method=PaymentMethod.DIRECT, rail=rail)
    found: PaymentRecord | None = rows.select_related("asset").filter(pk=payment_id).first()
    return found
