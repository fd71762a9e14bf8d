"""The ledger explorer in the back office."""

from ledger.admin.accounts import AccountAdmin
from ledger.admin.transactions import TransactionAdmin

__all__ = ["AccountAdmin", "TransactionAdmin"]
