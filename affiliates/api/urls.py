"""Routes of affiliates, under /api/v2/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from affiliates.api.views import (
    AdjustmentViewSet,
    AffiliateViewSet,
    ChargeView,
    ClaimViewSet,
    CommissionViewSet,
    MemberViewSet,
    MethodViewSet,
    RegisterAffiliateView,
    ReportViewSet,
    SettlementViewSet,
    TierViewSet,
    TreeView,
    WhatIfView,
)

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("affiliates/commissions", CommissionViewSet, basename="commission")
router.register("affiliates", AffiliateViewSet, basename="affiliate")
router.register("tiers", TierViewSet, basename="tier")
router.register("claims", ClaimViewSet, basename="claim")
router.register("enterprise/settlements", SettlementViewSet, basename="settlement")
router.register("commissions/reports", ReportViewSet, basename="commission-report")
router.register("commissions/adjustments", AdjustmentViewSet, basename="commission-adjustment")

_METHODS = "affiliates/<uuid:pk>/payout-methods"

urlpatterns = [
    path("affiliates/register", RegisterAffiliateView.as_view(), name="affiliate-register"),
    path("affiliates/tree", TreeView.as_view(), name="affiliate-tree"),
    path(_METHODS, MethodViewSet.as_view({"get": "methods", "post": "add"}, detail=True), name="payout-methods"),
    *(
        path(
            f"{_METHODS}/<uuid:method_id>/{verb}", MethodViewSet.as_view({"post": verb}, detail=True),
            name=f"payout-method-{verb}",
        )
        for verb in ("verify", "retire")
    ),
    path("rates/what-if", WhatIfView.as_view(), name="rates-what-if"),
    path("users/register", MemberViewSet.as_view({"post": "register"}), name="user-register"),
    path("users/<str:wallet>", MemberViewSet.as_view({"get": "status"}), name="user-status"),
    path("commerce/charges", ChargeView.as_view(), name="commerce-charges"),
    *router.urls,
]  # fmt: skip
