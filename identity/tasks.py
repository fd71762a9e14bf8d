"""identity's background tasks."""

from zoneinfo import ZoneInfo

from django.utils import timezone

from audit.errors import ReconciliationRunning
from audit.operations import reconcile
from identity import operations
from identity.models import Program

# In the program's own time zone: its day is over and its people sleep.
NIGHTLY_HOUR = 2


def expire_proposals() -> int:
    """Let go of proposals whose time is over."""
    return operations.expire_proposals(at=timezone.now())


def reconcile_at_night() -> int:
    """Reconcile every program in whose time zone it is two o'clock, and return how many there were."""
    now = timezone.now()
    due = [
        program.pk
        for program in Program.objects.order_by("pk")
        if now.astimezone(ZoneInfo(program.time_zone)).hour == NIGHTLY_HOUR
    ]
    for program_id in due:
        try:
            reconcile(program_id=program_id, at=now)
        except ReconciliationRunning:
            continue  # somebody asks by hand just now
    return len(due)
