"""The routes' views."""

from affiliates.api.views.affiliates import AffiliateViewSet
from affiliates.api.views.claims import ChargeView, ClaimViewSet
from affiliates.api.views.commissions import CommissionViewSet, WhatIfView
from affiliates.api.views.members import MemberViewSet
from affiliates.api.views.methods import MethodViewSet
from affiliates.api.views.registering import RegisterAffiliateView
from affiliates.api.views.reports import AdjustmentViewSet, ReportViewSet
from affiliates.api.views.settlements import SettlementViewSet
from affiliates.api.views.tiers import TierViewSet
from affiliates.api.views.tree import TreeView

__all__ = (
    "AdjustmentViewSet",
    "AffiliateViewSet",
    "ChargeView",
    "ClaimViewSet",
    "CommissionViewSet",
    "MemberViewSet",
    "MethodViewSet",
    "RegisterAffiliateView",
    "ReportViewSet",
    "SettlementViewSet",
    "TierViewSet",
    "TreeView",
    "WhatIfView",
)
