"""notifications' background tasks."""

from django.utils import timezone

from notifications import operations


def tell() -> dict[str, int]:
    """Plan what the journal gives cause for, and send what is due."""
    planned = operations.plan_deliveries(at=timezone.now())
    return {"planned": planned, "sent": operations.send_deliveries(clock=timezone.now)}
