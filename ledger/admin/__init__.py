"""The ledger explorer in the back office."""

from ledger.admin.accounts import AccountAdmin
from ledger.admin.intents import IntentAdmin
from ledger.admin.periods import HoldAdmin, PeriodAdmin
from ledger.admin.statements import IssuedStatementAdmin
from ledger.admin.transactions import TransactionAdmin

__all__ = ["AccountAdmin", "HoldAdmin", "IntentAdmin", "IssuedStatementAdmin", "PeriodAdmin", "TransactionAdmin"]
