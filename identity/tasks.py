"""identity's background tasks."""

from collections.abc import Callable
from typing import Final
from zoneinfo import ZoneInfo

from django.utils import timezone

from audit.errors import ReconciliationRunning
from audit.operations import ask_reconciliation
from identity import operations, rules
from identity.models import Program
from identity.queries.settings import setting

# What has expired and opens nothing any more. Each takes the time and returns how many rows it removed.
SWEEPS: Final[tuple[Callable[..., int], ...]] = (
    operations.remove_used_codes,
    operations.remove_dead_tokens,
    operations.remove_old_outcomes,
)


def remove_expired() -> dict[str, int]:
    """Remove what has expired, and return how much of each."""
    return {each.__name__: each(at=timezone.now()) for each in SWEEPS}


def expire_proposals() -> int:
    """Let go of proposals whose time is over."""
    return operations.expire_proposals(at=timezone.now())


def reconcile_at_night() -> int:
    """Have every program reconciled in whose time zone it is the hour it has set, the house with all; return how many.

    Each is a run of its own with a task of its own, so that one that takes long holds up no other.
    """
    now = timezone.now()
    due = [
        # What concerns no single program, the seals for one, is asked with the house.
        None if program.slug == rules.HOUSE_SLUG else program.pk
        for program in Program.objects.order_by("pk")
        if now.astimezone(ZoneInfo(program.time_zone)).hour == setting("identity.nightly_hour", program)
    ]
    for program_id in due:
        try:
            ask_reconciliation(program_id=program_id, at=now)
        except ReconciliationRunning:
            continue  # somebody asks by hand just now
    return len(due)
