"""The affiliates' background tasks."""

from typing import Final

from django.utils import timezone

from affiliates import operations

# A task has a time limit, and tasks of other kinds want their turn.
SECONDS_AT_MOST: Final = 20


def look_up_receipts() -> dict[str, int]:
    """Ask the chains about what members say they have paid."""
    return dict(operations.look_up_receipts(seconds_at_most=SECONDS_AT_MOST))


def look_again() -> dict[str, int]:
    """Ask the chains again about what was proven lately."""
    return dict(operations.look_again(seconds_at_most=SECONDS_AT_MOST))


def mature() -> int:
    """Let commissions fall due, and payout methods be used, whose time has come."""
    now = timezone.now()
    return operations.mature_commissions(at=now) + operations.cool_methods(at=now)


def fold_tallies() -> int:
    """Add up the rows of the tallies."""
    return operations.fold_tallies()
