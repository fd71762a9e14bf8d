"""Routes of identity under /api/v2/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from identity.api.views import (
    ApiKeyViewSet,
    ChallengeView,
    ProgramViewSet,
    ProposalViewSet,
    ProveView,
    RefreshView,
    RevokeView,
    SettingViewSet,
    SignInView,
    StepUpView,
    WalletAddressesView,
)

# Routes have no slash at the end, as API.md writes them.
router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("programs", ProgramViewSet, basename="program")
router.register("proposals", ProposalViewSet, basename="proposal")
router.register("api-keys", ApiKeyViewSet, basename="api-key")
router.register("settings", SettingViewSet, basename="setting")

urlpatterns = [
    *router.urls,
    path("auth/token", SignInView.as_view(), name="token"),
    path("auth/refresh", RefreshView.as_view(), name="token-refresh"),
    path("auth/revoke", RevokeView.as_view(), name="token-revoke"),
    path("auth/step-up", StepUpView.as_view(), name="token-step-up"),
    path("auth/wallet", WalletAddressesView.as_view(), name="wallet-addresses"),
    path("auth/wallet/challenge", ChallengeView.as_view(), name="wallet-challenge"),
    path("auth/wallet/prove", ProveView.as_view(), name="wallet-prove"),
]
