"""wallets: what a person has, and how money comes in and goes out.

Purpose: wallets, funding, withdrawals, payment intents, fees, rails and what rails report.
Tables: none yet.
Callers: invoicing, commerce, affiliates, payouts; it imports ledger and below.
"""
