"""identity's background tasks."""

from zoneinfo import ZoneInfo

from django.utils import timezone

from audit.errors import ReconciliationRunning
from audit.operations import reconcile
from identity import operations, rules
from identity.models import Program
from identity.queries.settings import setting


def expire_proposals() -> int:
    """Let go of proposals whose time is over."""
    return operations.expire_proposals(at=timezone.now())


def reconcile_at_night() -> int:
    """Reconcile every program in whose time zone it is the hour it has set, the house with all, and return how many."""
    now = timezone.now()
    due = [
        # What concerns no single program, the seals for one, is asked with the house.
        None if program.slug == rules.HOUSE_SLUG else program.pk
        for program in Program.objects.order_by("pk")
        if now.astimezone(ZoneInfo(program.time_zone)).hour == setting("identity.nightly_hour", program)
    ]
    for program_id in due:
        try:
            reconcile(program_id=program_id, at=now)
        except ReconciliationRunning:
            continue  # somebody asks by hand just now
    return len(due)
