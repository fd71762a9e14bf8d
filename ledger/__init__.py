"""ledger: the books: the one place where a balance changes.

Purpose: assets, accounts, transactions and entries; it names account kinds and no product. Debit and credit stand on
one row, so what does not balance can't be written; a mistake is corrected by a reversal, never by a change.
Read first, a thousand lines: money, chart, postings, movements, applying, rows, operations/post_many, usual. That is
how everything books; other operations call it, queries read, interchange and paper are the books in files, on paper.
Tables: Asset, Account, Balance, Transaction, Entry, Hold, Period, IssuedStatement; Intent and IntentTally; Milestone
and ValueDated for reading, Checkpoint and Verification for proof.
Callers: every context above posts here; it imports identity and audit.
"""
