"""Doors of the API into identity."""

from identity.api.views.addresses import ChallengeView, ProveView, WalletAddressesView
from identity.api.views.keys import ApiKeyViewSet
from identity.api.views.programs import ProgramViewSet
from identity.api.views.proposals import ProposalViewSet
from identity.api.views.settings import SettingViewSet
from identity.api.views.tokens import RefreshView, RevokeView, SignInView, StepUpView

__all__ = (
    "ApiKeyViewSet",
    "ChallengeView",
    "ProgramViewSet",
    "ProposalViewSet",
    "ProveView",
    "RefreshView",
    "RevokeView",
    "SettingViewSet",
    "SignInView",
    "StepUpView",
    "WalletAddressesView",
)
