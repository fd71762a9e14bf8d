"""ledger: the books: the one place where a balance changes.

Purpose: assets, accounts, transactions, entries, holds, periods and statements; it names account kinds and no product.
Tables: none yet.
Callers: every context above posts here; it imports identity and audit.
"""
