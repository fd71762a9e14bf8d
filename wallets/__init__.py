"""wallets: what a person has, and how money comes in and goes out.

Purpose: wallets, payments, holds and refunds; later funding, withdrawals, payment intents, fees and rails.
Tables: wallet, wallet transaction, payment record, outgoing. Balances are the ledger's.
Callers: invoicing, commerce, affiliates, payouts; it imports ledger and below.
"""
