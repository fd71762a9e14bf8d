"""Doors for those who own wallets."""

from wallets.portal.views.moving import pay, transfer
from wallets.portal.views.reading import overview, receipt, wallet
from wallets.portal.views.statements import statement_file, statements
from wallets.portal.views.withdrawing import cancel, withdraw

__all__ = (
    "cancel",
    "overview",
    "pay",
    "receipt",
    "statement_file",
    "statements",
    "transfer",
    "wallet",
    "withdraw",
)
