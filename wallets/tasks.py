"""The wallets' background tasks."""

from django.utils import timezone

from ledger.operations import expire_holds as expire
from wallets.operations import release


def expire_holds() -> int:
    """Let go of holds whose time is over; what they repay is told in their wallets."""
    return expire(at=timezone.now(), release_with=release)
