"""The tables of the books."""

from ledger.models.accounts import Account, AccountQuerySet, Asset, Balance
from ledger.models.holds import Hold, HoldQuerySet
from ledger.models.intents import Intent, IntentQuerySet, IntentTally
from ledger.models.periods import Period, PeriodBalance, PeriodQuerySet
from ledger.models.statements import IssuedStatement, IssuedStatementQuerySet
from ledger.models.transactions import Entry, Transaction, TransactionQuerySet

__all__ = [
    "Account", "AccountQuerySet", "Asset", "Balance", "Entry", "Hold", "HoldQuerySet",
    "Intent", "IntentQuerySet", "IntentTally", "IssuedStatement", "IssuedStatementQuerySet",
    "Period", "PeriodBalance",
    "PeriodQuerySet", "Transaction", "TransactionQuerySet",
]  # fmt: skip
