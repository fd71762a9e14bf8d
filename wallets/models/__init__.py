"""The tables of wallets."""

from wallets.models.payments import Outgoing, OutgoingQuerySet, PaymentRecord, PaymentRecordQuerySet
from wallets.models.transactions import WalletTransaction, WalletTransactionQuerySet
from wallets.models.wallets import Wallet, WalletQuerySet

__all__ = [
    "Outgoing", "OutgoingQuerySet", "PaymentRecord", "PaymentRecordQuerySet", "Wallet", "WalletQuerySet",
    "WalletTransaction", "WalletTransactionQuerySet",
]  # fmt: skip
