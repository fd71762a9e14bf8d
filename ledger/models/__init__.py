"""The tables of the books."""

from ledger.models.accounts import Account, AccountQuerySet, Asset, Balance
from ledger.models.transactions import Entry, Transaction, TransactionQuerySet

__all__ = ["Account", "AccountQuerySet", "Asset", "Balance", "Entry", "Transaction", "TransactionQuerySet"]
