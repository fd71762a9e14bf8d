"""invoicing: who owes what, and what has been paid of it.

Purpose: agents, invoices, payments and their allocation, usage, dunning, summaries.
Tables: none yet.
Callers: commerce and above; it imports wallets and below.
"""
