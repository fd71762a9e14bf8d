"""Routes of wallets and rails: under /api/v2/, under /api/customer/, and the wallet service's from the root."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from wallets.api.views import (
    CustomerViewSet,
    HoldViewSet,
    HookAboutView,
    HookView,
    OutgoingViewSet,
    PaymentViewSet,
    RailAccountViewSet,
    RailEventViewSet,
    RailStatementViewSet,
    WalletServiceViewSet,
    WalletViewSet,
    WithdrawalViewSet,
)

wallets = SimpleRouter(trailing_slash=False, use_regex_path=False)
wallets.register("wallets", WalletViewSet, basename="wallet")
wallets.register("holds", HoldViewSet, basename="hold")
wallets.register("outgoing", OutgoingViewSet, basename="outgoing")
wallets.register("payments", PaymentViewSet, basename="payment")
wallets.register("withdrawals", WithdrawalViewSet, basename="withdrawal")

customer = [
    path("manual-payment", CustomerViewSet.as_view({"post": "manual_payment"}), name="manual-payment"),
    path("wallet-info", CustomerViewSet.as_view({"get": "wallet_info"}), name="wallet-info"),
    path("direct-payment", CustomerViewSet.as_view({"post": "direct_payment"}), name="direct-payment"),
]

service = [
    path(f"<uuid:user_id>/{name}", WalletServiceViewSet.as_view({method: name}), name=f"wallet-{name}")
    for name, method in (
        ("balance", "get"), ("transactions", "get"), ("topup", "post"), ("bonus", "post"), ("spend", "post"),
    )
]  # fmt: skip

rails = SimpleRouter(trailing_slash=False, use_regex_path=False)
rails.register("rail-accounts", RailAccountViewSet, basename="rail-account")
rails.register("rail-events", RailEventViewSet, basename="rail-event")
rails.register("rail-statements", RailStatementViewSet, basename="rail-statement")

rail_urls = [
    *rails.urls,
    path("hooks/<str:code>/<str:token>", HookView.as_view(), name="hook"),
    path("hooks/<str:code>/<str:token>/<path:about>", HookAboutView.as_view(), name="hook-about"),
]
