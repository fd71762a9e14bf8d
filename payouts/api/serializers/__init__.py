"""What the API takes and shows of payouts."""

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
    "BatchInput",
    "BatchLineOutput",
    "BatchOutput",
    "BatchVoteInput",
    "BrakeOutput",
    "CollectedOutput",
    "ExplainInput",
    "PayoutOutput",
    "ProofOutput",
    "RemoveInput",
    "ResolveInput",
    "StopOutput",
    "SubmitInput",
)
