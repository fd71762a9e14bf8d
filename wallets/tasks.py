"""The wallets' background tasks."""

from typing import Final

from django.utils import timezone

from ledger.operations import expire_holds as expire
from wallets import operations

# A task has a time limit, and tasks of other kinds want their turn.
SECONDS_AT_MOST: Final = 20


def expire_holds() -> int:
    """Let go of holds whose time is over; what they repay is told in their wallets."""
    return expire(at=timezone.now(), release_with=operations.release)


def work_inbox() -> dict[str, int]:
    """Prove and apply what rails have told us and is due."""
    return dict(operations.work_inbox(seconds_at_most=SECONDS_AT_MOST))
