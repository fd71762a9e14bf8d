"""What the operations page shows."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django_q.models import Failure, Schedule

from audit.models import Entry
from config.background.clusters import HEARTBEAT_LATE_SECONDS, ClusterState, cluster_states
from config.backup.outcomes import Protection, is_backup_late, is_drill_late, protection


def operations_context(*, now: datetime) -> dict[str, Any]:
    """Return the workers' state, the backups, the latest failures and the schedules."""
    clusters = cluster_lines(now=now)
    state = protection()
    return {
        "clusters": clusters,
        "silent": [line for line in clusters if not line["alive"]],
        "late_seconds": HEARTBEAT_LATE_SECONDS,
        "protection": [_backup(state, now=now), _drill(state, now=now), _archive(state, now=now)],
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


def _backup(state: Protection, *, now: datetime) -> dict[str, Any]:
    late = is_backup_late(state, now=now)
    line = _outcome(state.backup, "Backup", now=now)
    if state.backup:
        line["detail"] = (
            f"{state.backup.payload.get('backup', '')}, {state.backup.payload.get('bytes', 0) / 1e6:,.0f} MB"
        )
    return {**line, "variant": "danger" if late else "success" if state.backup else "default",
            "state": "Late" if late else "Taken" if state.backup else "None yet"}  # fmt: skip


def _drill(state: Protection, *, now: datetime) -> dict[str, Any]:
    late = is_drill_late(state, now=now)
    line = _outcome(state.drill, "Restore drill", now=now)
    if state.drill:
        said = state.drill.payload
        line["detail"] = said.get("problem") or f"Restored {said.get('backup', '')} and compared it with the house"
    failed = state.drill is not None and not state.drill_passed
    word = "Failed" if failed else "Late" if late else "Passed" if state.drill else "None yet"
    return {**line, "state": word, "variant": "danger" if failed or late else "success" if state.drill else "default"}


def _archive(state: Protection, *, now: datetime) -> dict[str, Any]:
    archiver = state.archiver
    age = in_words((now - archiver.archived_at).total_seconds()) if archiver.archived_at else None
    line = {"name": "Archived log", "at": archiver.archived_at, "age": age, "url": None}
    if not archiver.is_on:
        return {**line, "state": "Off", "variant": "default", "detail": "Backups restore to their own moment only"}
    if archiver.is_failing:
        detail = f"{archiver.failed_segment} is not taken; the database's disk fills meanwhile"
        return {**line, "state": "Failing", "variant": "danger", "detail": detail}
    detail = f"{archiver.waiting_bytes / 1e6:,.0f} MB are not archived yet"
    return {**line, "state": "Working", "variant": "success", "detail": detail}


def _outcome(entry: Entry | None, name: str, *, now: datetime) -> dict[str, Any]:
    return {
        "name": name,
        "at": entry.at if entry else None,
        "age": in_words((now - entry.at).total_seconds()) if entry else None,
        "url": reverse("admin:audit_entry_change", args=[entry.pk]) if entry else None,
        "detail": None,
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
