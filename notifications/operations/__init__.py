"""What notifications does."""

from notifications.operations.plan_deliveries import plan_deliveries
from notifications.operations.retry_delivery import retry_delivery
from notifications.operations.send_deliveries import send_deliveries

__all__ = ["plan_deliveries", "retry_delivery", "send_deliveries"]
