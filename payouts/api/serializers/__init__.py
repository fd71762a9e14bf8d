"""What the API takes and shows of payouts."""

from payouts.api.serializers.bank_files import (
    BankFileOutput,
    FileQuery,
    ReadingOutput,
    ResultFileInput,
    WriteFileInput,
)
from payouts.api.serializers.batches import (
    AddInput,
    BatchInput,
    BatchLineOutput,
    BatchOutput,
    BatchVoteInput,
    CollectedOutput,
    ExplainInput,
    ProofOutput,
    RemoveInput,
    SubmitInput,
)
from payouts.api.serializers.payouts import BrakeOutput, PayoutOutput, ResolveInput, StopOutput

__all__ = (
    "AddInput",
    "BankFileOutput",
    "BatchInput",
    "BatchLineOutput",
    "BatchOutput",
    "BatchVoteInput",
    "BrakeOutput",
    "CollectedOutput",
    "ExplainInput",
    "FileQuery",
    "PayoutOutput",
    "ProofOutput",
    "ReadingOutput",
    "RemoveInput",
    "ResolveInput",
    "ResultFileInput",
    "StopOutput",
    "SubmitInput",
    "WriteFileInput",
)
