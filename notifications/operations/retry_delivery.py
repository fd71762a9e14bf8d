"""Try a delivery again that was given up."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import follow
from notifications.models import Delivery
from notifications.states import DELIVERY_TRANSITIONS, DeliveryState


@transaction.atomic
def retry_delivery(delivery_id: UUID, *, at: datetime) -> Delivery:
    """Let a failed delivery wait for its turn again, with all its attempts.

    :raises WrongState: if it has not failed.
    """
    delivery = Delivery.objects.locked().get(pk=delivery_id)
    follow(DELIVERY_TRANSITIONS, delivery, to=DeliveryState.WAITING, at=at, program_id=delivery.program_id)
    Delivery.objects.filter(pk=delivery.pk).update(attempts=0, due_at=at, last_error="")
    delivery.refresh_from_db()
    return delivery
