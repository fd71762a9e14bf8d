"""ledger: the books: the one place where a balance changes.

Purpose: assets, accounts, transactions and entries; it names account kinds and no product. Debit and credit stand on
one row, so what does not balance can't be written; a mistake is corrected by a reversal, never by a change.
Tables: Asset, Account, Balance, Transaction, Entry, Hold, Period, IssuedStatement, Intent, IntentTally.
Callers: every context above posts here; it imports identity and audit.
"""
