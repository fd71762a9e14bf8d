"""The routes' views."""

from ledger.api.views.books import (
    AccountViewSet,
    EntryViewSet,
    HealthView,
    TransactionViewSet,
    TreeView,
    TrialBalanceView,
)
from ledger.api.views.intents import IntentViewSet
from ledger.api.views.statements import StatementViewSet

__all__ = [
    "AccountViewSet",
    "EntryViewSet",
    "HealthView",
    "IntentViewSet",
    "StatementViewSet",
    "TransactionViewSet",
    "TreeView",
    "TrialBalanceView",
]
