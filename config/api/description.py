"""What the API's schema says about itself, as drf-spectacular takes it."""

from typing import Any

SPECTACULAR: dict[str, Any] = {
    "TITLE": "Countinghouse",
    "DESCRIPTION": "The back office for money: one error body everywhere, amounts as strings, times in UTC.",
    "VERSION": "2",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False},
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v2",
    "SORT_OPERATIONS": True,
    "ENUM_NAME_OVERRIDES": {
        "AdjustmentState": "affiliates.states.AdjustmentState",
        "AffiliateState": "affiliates.states.AffiliateState",
        "ClaimState": "affiliates.states.ClaimState",
        "CommissionState": "affiliates.states.CommissionState",
        "CommissionType": "affiliates.states.CommissionType",
        "MemberState": "affiliates.states.MemberState",
        "MethodKind": "affiliates.states.MethodKind",
        "MethodState": "affiliates.states.MethodState",
        "ReportState": "affiliates.states.ReportState",
        "SettlementSource": "affiliates.states.SettlementSource",
        "SettlementState": "affiliates.states.SettlementState",
        "ProgramStatus": "identity.states.ProgramStatus",
        "ProposalState": "identity.states.ProposalState",
        "RunState": "audit.states.RunState",
        "FindingState": "audit.states.FindingState",
        "RailAccountState": "wallets.states.RailAccountState",
        "RailEventState": "wallets.states.RailEventState",
        "AccountStatus": "ledger.states.AccountStatus",
        "WalletTransactionType": "wallets.states.TransactionType",
        "WalletTransactionStatus": "wallets.states.TransactionStatus",
    },
}
