"""Affiliates in the back office."""

from affiliates.admin.affiliates import AffiliateAdmin
from affiliates.admin.commissions import CommissionAdmin
from affiliates.admin.members import ClaimAdmin, MemberAdmin
from affiliates.admin.methods import PayoutMethodAdmin
from affiliates.admin.reports import AdjustmentAdmin, CommissionReportAdmin
from affiliates.admin.settlements import SettlementAdmin
from affiliates.admin.tiers import TierAdmin
from affiliates.admin.ties import register_ties

register_ties()

__all__ = [
    "AdjustmentAdmin",
    "AffiliateAdmin",
    "ClaimAdmin",
    "CommissionAdmin",
    "CommissionReportAdmin",
    "MemberAdmin",
    "PayoutMethodAdmin",
    "SettlementAdmin",
    "TierAdmin",
]
