"""The ledger's background tasks."""

from django.utils import timezone

from ledger import operations


def expire_holds() -> int:
    """Let go of holds whose time is over."""
    return operations.expire_holds(at=timezone.now())


def keep_milestones() -> int:
    """Keep what striped accounts held, so that nobody has to add up all that was ever booked on them."""
    return operations.keep_milestones()
