"""The tables of wallets."""

from wallets.models.payments import Outgoing, OutgoingQuerySet, PaymentRecord, PaymentRecordQuerySet
from wallets.models.rails import RailAccount, RailAccountQuerySet, RailEvent, RailEventQuerySet
from wallets.models.statements import RailStatement, RailStatementQuerySet, StatementLine, StatementLineQuerySet
from wallets.models.transactions import WalletTransaction, WalletTransactionQuerySet
from wallets.models.wallets import Wallet, WalletQuerySet
from wallets.models.withdrawals import Withdrawal, WithdrawalQuerySet

__all__ = [
    "Outgoing", "OutgoingQuerySet", "PaymentRecord", "PaymentRecordQuerySet", "RailAccount", "RailAccountQuerySet",
    "RailEvent", "RailEventQuerySet", "RailStatement", "RailStatementQuerySet", "StatementLine",
    "StatementLineQuerySet", "Wallet", "WalletQuerySet", "WalletTransaction", "WalletTransactionQuerySet",
    "Withdrawal", "WithdrawalQuerySet",
]  # fmt: skip
