"""Forget what requests came to that nobody sends again any more."""

from datetime import datetime, timedelta

from audit.rules import first_id_after
from identity.models import IdempotencyRecord
from identity.operations.sweep import sweep
from identity.queries.settings import setting


def remove_old_outcomes(*, at: datetime) -> int:
    """Remove outcomes that are older than the house keeps them, and return how many. What goes on has none yet."""
    limit = at - timedelta(days=setting("identity.outcome_days"))
    old = IdempotencyRecord.objects.filter(pk__lt=first_id_after(limit), created_at__lt=limit)
    return sweep(old.filter(status__isnull=False))
