"""Batches, what is paid in them, and each try to send it."""

from payouts.models.attempts import Attempt, Desk
from payouts.models.batches import BatchMaker, Brake, PayoutBatch
from payouts.models.payouts import Part, Payout, PayoutLine

__all__ = ("Attempt", "BatchMaker", "Brake", "Desk", "Part", "Payout", "PayoutBatch", "PayoutLine")
