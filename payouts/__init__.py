"""payouts: everything that leaves the house, and the two people that takes.

Purpose: batches, approval, attempts and execution on a rail.
Tables: none yet.
Callers: notifications and config; it imports affiliates and below.
"""
