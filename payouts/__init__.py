"""payouts: everything that leaves the house, and the two people that takes.

Purpose: batches, their approval, and what is sent of them through rails, once.
Tables: PayoutBatch, BatchMaker, Payout, PayoutLine, Part, Attempt, Desk, Brake.
Callers: notifications and config; it imports affiliates and below.
"""
