"""The last backup and the last drill, as the journal tells of them, and what `doctor` and the screens say about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.db import DatabaseError

from audit.context import acting_as
from audit.models import Entry
from config.backup.source import ArchiverState, archiver_state
from config.settings import environment
from identity import operations, rules
from identity.models import Program

log = structlog.get_logger("backup")

DRILL_EVERY: Final = timedelta(days=7)
# A drill proves that backups work; one that was left out is noticed when the next is due as well.
DRILL_LATE: Final = 2 * DRILL_EVERY
WAITING_BYTES: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """How well the house is kept."""

    backup: Entry | None
    drill: Entry | None
    opened_at: datetime | None  # the house itself
    archiver: ArchiverState

    @property
    def drill_passed(self) -> bool:
        return self.drill is not None and self.drill.action == "identity.drill.passed"


def protection() -> Protection:
    """Return the last outcomes and the state of the archive."""
    house = Program.objects.filter(slug=rules.HOUSE_SLUG).first()
    said = Entry.objects.about(house) if house else Entry.objects.none()
    return Protection(
        backup=said.filter(action="identity.backup.taken").order_by("-id").first(),
        drill=said.filter(action__in=("identity.drill.passed", "identity.drill.failed")).order_by("-id").first(),
        opened_at=house.created_at if house else None,
        archiver=archiver_state(),
    )


def is_backup_late(state: Protection, *, now: datetime) -> bool:
    """Whether a backup should have been taken by now."""
    return _is_late(state.backup, state, timedelta(hours=environment["BACKUP_MAX_AGE_HOURS"]), now=now)


def is_drill_late(state: Protection, *, now: datetime) -> bool:
    """Whether a drill should have been made by now."""
    return _is_late(state.drill, state, DRILL_LATE, now=now)


def _is_late(last: Entry | None, state: Protection, limit: timedelta, *, now: datetime) -> bool:
    if not environment["BACKUP_MAX_AGE_HOURS"]:
        return False  # something else takes the backups
    # A house that was opened today has had no time for one.
    since = last.at if last else state.opened_at
    return since is not None and now - since > limit


def note(operation: Callable[..., Entry], name: str, **said: Any) -> str | None:
    """Journal an outcome; return a sentence when it could not be, because the backup counts all the same."""
    try:
        with acting_as("service", name):
            operation(**said)
    except Program.DoesNotExist:
        return "Not journalled: this database has no house yet."
    except DatabaseError as problem:
        log.warning("backup.not_journalled", problem=str(problem))
        return f"Not journalled: {str(problem).strip().splitlines()[0]}"
    return None


def note_backup(said: Mapping[str, Any], *, at: datetime) -> str | None:
    """Journal a backup."""
    return note(operations.note_backup, "backup", said=said, at=at)


def note_drill(said: Mapping[str, Any], *, passed: bool, at: datetime) -> str | None:
    """Journal a drill."""
    return note(operations.note_drill, "restore-drill", said=said, passed=passed, at=at)
