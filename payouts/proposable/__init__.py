"""What payouts let two people decide: paying a batch, what came of a payout, and starting again after a stop."""

from payouts.proposable import batches, outcomes, restarts


def register() -> None:
    """Let these be proposed."""
    batches.register()
    outcomes.register()
    restarts.register()
