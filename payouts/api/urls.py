"""Routes of payouts, under /api/v2/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from payouts.api.views import BatchViewSet, BrakeView, PayoutViewSet

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("payouts/batch", BatchViewSet, basename="payout-batch")
router.register("payouts", PayoutViewSet, basename="payout")

urlpatterns = [
    path("payouts/stop", BrakeView.as_view({"get": "show", "post": "stop"}), name="payouts-stop"),
    path("payouts/restart", BrakeView.as_view({"post": "restart"}), name="payouts-restart"),
    *router.urls,
]
