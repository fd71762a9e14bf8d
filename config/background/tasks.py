"""The house's own background tasks; those of a context live in its tasks.py."""

import os
import socket
from datetime import timedelta

from django.contrib.sessions.models import Session
from django.utils import timezone
from django_q.models import Success

# Long enough to look into yesterday's trouble; the journal keeps what matters for ever.
RESULTS_KEPT_DAYS = 3


def heartbeat() -> dict[str, str | int]:
    """Prove that a task sent to this queue is fetched, run and stored: its result is the heartbeat."""
    return {"host": socket.gethostname(), "pid": os.getpid()}


def remove_old_results() -> int:
    """Remove results of finished tasks; failed ones stay until a person has looked at them."""
    limit = timezone.now() - timedelta(days=RESULTS_KEPT_DAYS)
    removed: int = Success.objects.filter(stopped__lt=limit).delete()[0]
    return removed


def remove_expired_sessions() -> int:
    """Remove sessions that nobody can use any more."""
    return Session.objects.filter(expire_date__lt=timezone.now()).delete()[0]
