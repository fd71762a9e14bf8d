"""The ledger's background tasks."""

from django.utils import timezone

from ledger import operations


def expire_holds() -> int:
    """Let go of holds whose time is over."""
    return operations.expire_holds(at=timezone.now())
