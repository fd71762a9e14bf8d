"""The states of affiliates and members, of what they bring, and of what is earned for it."""

from affiliates.states.earnings import (
    ADJUSTMENT_TRANSITIONS,
    COMMISSION_TRANSITIONS,
    REPORT_TRANSITIONS,
    UNPAID,
    AdjustmentState,
    CommissionState,
    CommissionType,
    ReportState,
)
from affiliates.states.people import (
    AFFILIATE_TRANSITIONS,
    MEMBER_TRANSITIONS,
    METHOD_TRANSITIONS,
    AffiliateState,
    MemberState,
    MethodKind,
    MethodState,
)
from affiliates.states.sales import (
    CLAIM_TRANSITIONS,
    RECOGNISED,
    SETTLEMENT_TRANSITIONS,
    ClaimState,
    SettlementSource,
    SettlementState,
)

__all__ = (
    "ADJUSTMENT_TRANSITIONS",
    "AFFILIATE_TRANSITIONS",
    "CLAIM_TRANSITIONS",
    "COMMISSION_TRANSITIONS",
    "MEMBER_TRANSITIONS",
    "METHOD_TRANSITIONS",
    "RECOGNISED",
    "REPORT_TRANSITIONS",
    "SETTLEMENT_TRANSITIONS",
    "UNPAID",
    "AdjustmentState",
    "AffiliateState",
    "ClaimState",
    "CommissionState",
    "CommissionType",
    "MemberState",
    "MethodKind",
    "MethodState",
    "ReportState",
    "SettlementSource",
    "SettlementState",
)
