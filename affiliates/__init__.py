"""affiliates: who brought a sale, and what they earn for it.

Purpose: affiliates and where they stand, members, clicks, claims, settlements, commissions, reports, payout methods.
Tables: affiliate, standing, tier, rate, member, click, payout method, claim, settlement, reversal, purse, commission,
tally, report, report line, adjustment. What is earned and not paid stands in the ledger; its rows say why.
Callers: payouts and above; it imports commerce and below.
"""
