"""Routes of the ledger under /api/v2/enterprise/ledger/, and of intents under /api/v2/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from ledger.api.views import (
    AccountViewSet,
    EntryViewSet,
    HealthView,
    IntentViewSet,
    StatementViewSet,
    TransactionViewSet,
    TreeView,
    TrialBalanceView,
)

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("accounts", AccountViewSet, basename="ledger-account")
router.register("entries", EntryViewSet, basename="ledger-entry")
router.register("statements", StatementViewSet, basename="ledger-issued-statement")
router.register("transactions", TransactionViewSet, basename="ledger-transaction")

intents = SimpleRouter(trailing_slash=False, use_regex_path=False)
intents.register("intents", IntentViewSet, basename="intent")

urlpatterns = [
    *router.urls,
    path("balance", HealthView.as_view(), name="ledger-balance"),
    path("tree", TreeView.as_view(), name="ledger-tree"),
    path("trial-balance", TrialBalanceView.as_view(), name="ledger-trial-balance"),
]
