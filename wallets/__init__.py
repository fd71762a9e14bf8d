"""wallets: what a person has, and how money comes in and goes out.

Purpose: wallets, payments, holds, refunds and withdrawals; rails and the
inbox of what they tell us; later funding, payment intents and fees.
Tables: wallet, wallet transaction, payment record, outgoing, withdrawal, rail account,
rail event, rail statement and its lines. Balances are the ledger's.
Callers: invoicing, commerce, affiliates, payouts; it imports ledger and below.
"""
