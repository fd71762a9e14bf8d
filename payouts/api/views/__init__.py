"""The views of the API of payouts."""

from payouts.api.views.batches import BatchViewSet
from payouts.api.views.payouts import BrakeView, PayoutViewSet

__all__ = ("BatchViewSet", "BrakeView", "PayoutViewSet")
