"""The routes' views."""

from wallets.api.views.customer import CustomerViewSet
from wallets.api.views.holds import HoldViewSet
from wallets.api.views.hooks import HookAboutView, HookView
from wallets.api.views.outgoing import OutgoingViewSet
from wallets.api.views.payments import PaymentViewSet
from wallets.api.views.rails import RailAccountViewSet, RailEventViewSet
from wallets.api.views.service import WalletServiceViewSet
from wallets.api.views.statements import RailStatementViewSet
from wallets.api.views.wallets import WalletViewSet
from wallets.api.views.withdrawals import WithdrawalViewSet

__all__ = [
    "CustomerViewSet",
    "HoldViewSet",
    "HookAboutView",
    "HookView",
    "OutgoingViewSet",
    "PaymentViewSet",
    "RailAccountViewSet",
    "RailEventViewSet",
    "RailStatementViewSet",
    "WalletServiceViewSet",
    "WalletViewSet",
    "WithdrawalViewSet",
]
