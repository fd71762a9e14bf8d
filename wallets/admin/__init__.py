"""Wallets and rails in the back office."""

from wallets.admin.outgoing import OutgoingAdmin
from wallets.admin.payments import PaymentRecordAdmin
from wallets.admin.rail_accounts import RailAccountAdmin
from wallets.admin.rail_events import RailEventAdmin
from wallets.admin.ties import register_ties
from wallets.admin.transactions import WalletTransactionAdmin
from wallets.admin.wallets import WalletAdmin
from wallets.admin.withdrawals import WithdrawalAdmin

register_ties()

__all__ = [
    "OutgoingAdmin", "PaymentRecordAdmin", "RailAccountAdmin", "RailEventAdmin", "WalletAdmin",
    "WalletTransactionAdmin", "WithdrawalAdmin",
]  # fmt: skip
