"""Payouts in the back office."""

from payouts.admin.batches import PayoutBatchAdmin
from payouts.admin.payouts import PayoutAdmin

__all__ = ["PayoutAdmin", "PayoutBatchAdmin"]
