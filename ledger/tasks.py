"""The ledger's background tasks."""

from typing import Final

from ledger import operations

# A task has a time limit, and tasks of other kinds want their turn.
SECONDS_AT_MOST: Final = 20


def keep_milestones() -> int:
    """Keep what striped accounts held, so that nobody has to add up all that was ever booked on them."""
    return operations.keep_milestones()


def work_intents() -> dict[str, int]:
    """Carry out the intents that are due."""
    return dict(operations.work_intents(seconds_at_most=SECONDS_AT_MOST))


def requeue_intents() -> int:
    """Let failed intents wait for their next attempt."""
    return operations.requeue_intents()


def reset_intents() -> int:
    """Let go of intents whose worker is gone."""
    return operations.reset_intents()
