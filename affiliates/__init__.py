"""affiliates: who brought a sale, and what they earn for it.

Purpose: affiliates and their tree, members, claims, settlements, commissions and reports.
Tables: none yet.
Callers: payouts and above; it imports commerce and below.
"""
