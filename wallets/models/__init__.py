"""The tables of wallets."""

from wallets.models.payments import Outgoing, OutgoingQuerySet, PaymentRecord, PaymentRecordQuerySet
from wallets.models.rails import RailAccount, RailAccountQuerySet, RailEvent, RailEventQuerySet
from wallets.models.transactions import WalletTransaction, WalletTransactionQuerySet
from wallets.models.wallets import Wallet, WalletQuerySet

__all__ = [
    "Outgoing", "OutgoingQuerySet", "PaymentRecord", "PaymentRecordQuerySet", "RailAccount", "RailAccountQuerySet",
    "RailEvent", "RailEventQuerySet", "Wallet", "WalletQuerySet", "WalletTransaction", "WalletTransactionQuerySet",
]  # fmt: skip
