"""The tables of the books."""

from ledger.models.accounts import Account, AccountQuerySet, Asset, Balance
from ledger.models.holds import Hold, HoldQuerySet
from ledger.models.transactions import Entry, Transaction, TransactionQuerySet

__all__ = [
    "Account", "AccountQuerySet", "Asset", "Balance", "Entry", "Hold", "HoldQuerySet", "Transaction",
    "TransactionQuerySet",
]  # fmt: skip
