"""The tables of the books."""

from ledger.models.accounts import Account, AccountQuerySet, Asset, Balance
from ledger.models.holds import Hold, HoldQuerySet
from ledger.models.intents import Intent, IntentQuerySet, IntentTally
from ledger.models.periods import Period, PeriodBalance, PeriodQuerySet
from ledger.models.reading import Milestone, ValueDated
from ledger.models.statements import IssuedStatement, IssuedStatementQuerySet
from ledger.models.transactions import Entry, Transaction, TransactionQuerySet
from ledger.models.verification import Checkpoint, Verification

__all__ = [
    "Account", "AccountQuerySet", "Asset", "Balance", "Checkpoint", "Entry", "Hold", "HoldQuerySet", "Intent",
    "IntentQuerySet", "IntentTally", "IssuedStatement", "IssuedStatementQuerySet", "Milestone", "Period",
    "PeriodBalance", "PeriodQuerySet", "Transaction", "TransactionQuerySet", "ValueDated", "Verification",
]  # fmt: skip
