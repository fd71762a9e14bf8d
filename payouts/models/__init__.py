"""Batches, what is paid in them, and each try to send it."""

from payouts.models.attempts import Attempt, Desk
from payouts.models.bank_files import BankFile, ResultFile
from payouts.models.batches import BatchMaker, Brake, PayoutBatch
from payouts.models.payouts import Part, Payout, PayoutLine

__all__ = (
    "Attempt",
    "BankFile",
    "BatchMaker",
    "Brake",
    "Desk",
    "Part",
    "Payout",
    "PayoutBatch",
    "PayoutLine",
    "ResultFile",
)
