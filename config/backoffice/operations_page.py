"""What the operations page shows."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django_q.models import Failure, Schedule

from config.background.clusters import HEARTBEAT_LATE_SECONDS, ClusterState, cluster_states


def operations_context(*, now: datetime) -> dict[str, Any]:
    """Return the workers' state, the latest failures and the schedules."""
    clusters = cluster_lines(now=now)
    return {
        "clusters": clusters,
        "silent": [line for line in clusters if not line["alive"]],
        "late_seconds": HEARTBEAT_LATE_SECONDS,
        "failures": [_failure(failure) for failure in Failure.objects.order_by("-stopped")[:10]],
        "schedules": Schedule.objects.order_by("next_run", "id"),
        "now": now,
    }


def cluster_lines(*, now: datetime) -> list[dict[str, Any]]:
    """Return a line for each queue."""
    return [_line(state, now=now) for state in cluster_states(now=now)]


def _line(state: ClusterState, *, now: datetime) -> dict[str, Any]:
    return {
        "queue": state.queue,
        "depth": state.depth,
        "oldest": in_words(state.oldest_seconds) if state.oldest_seconds else None,
        "heartbeat_at": state.heartbeat_at,
        "heartbeat_age": in_words((now - state.heartbeat_at).total_seconds()) if state.heartbeat_at else None,
        "alive": state.is_alive(now=now),
    }


def _failure(failure: Any) -> dict[str, Any]:
    # The traceback's last line names what went wrong.
    lines = str(failure.result or "").strip().splitlines()
    return {
        "name": failure.name,
        "func": failure.func,
        "queue": failure.cluster,
        "stopped": failure.stopped,
        "error": lines[-1] if lines else "No reason was left",
        "url": reverse("admin:django_q_failure_change", args=[failure.pk]),
    }


def in_words(seconds: float) -> str:
    """Return a time span in its largest unit: people compare ages at a glance."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{max(0, int(seconds))} s"
