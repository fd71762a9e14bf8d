"""How far a delivery has come."""

from django.db import models

from audit.states import Edge, TransitionTable, register_transitions


class DeliveryState(models.TextChoices):
    """Skipped: when its turn came there was nothing left to say. Failed: given up; a person may try again."""

    WAITING = "WAITING", "Waiting"
    SENT = "SENT", "Sent"
    SKIPPED = "SKIPPED", "Skipped"
    FAILED = "FAILED", "Failed"


DELIVERY_TRANSITIONS = register_transitions(
    TransitionTable(
        model="notifications.delivery",
        field="state",
        initial=DeliveryState.WAITING,
        states=dict(DeliveryState.choices),
        colours={
            DeliveryState.WAITING: "info",
            DeliveryState.SENT: "good",
            DeliveryState.SKIPPED: "neutral",
            DeliveryState.FAILED: "bad",
        },
        edges=(
            Edge(DeliveryState.WAITING, DeliveryState.SENT, "notifications.delivery.sent"),
            Edge(DeliveryState.WAITING, DeliveryState.SKIPPED, "notifications.delivery.skipped"),
            Edge(DeliveryState.WAITING, DeliveryState.FAILED, "notifications.delivery.failed"),
            Edge(DeliveryState.FAILED, DeliveryState.WAITING, "notifications.delivery.retried"),
        ),
    )
)
