"""What `make run` does by the clock beside the workers: a backup every day, a restore drill every week.

These need the owner of the tables, whose address the workers do not get to see, and they outlast a task. So the
supervisor starts the commands itself. What is due is read from the folder of backups: a house that was off for a week
is backed up when it comes back, and one that was restarted ten times is not backed up ten times.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from config.backup.manifests import backups_in
from config.environment import BASE_DIR, Environment
from config.postgres.archiving import backups_home, system_identifier
from config.postgres.embedded import EmbeddedPostgres
from config.processes.child import Child

FIRST_SECONDS = 60  # a house that has just opened has people waiting
LOOK_SECONDS = 30


@dataclass
class Job:
    """A command that runs by the clock."""

    child: Child
    last: Callable[[], datetime | None]  # when it last ended well
    every: timedelta
    again: timedelta  # after a failure
    not_before: float = 0.0

    def is_due(self, *, now: datetime) -> bool:
        """Whether it is time for it."""
        if time.monotonic() < self.not_before:
            return False
        last = self.last()
        return last is None or now - last >= self.every


def jobs_of(environment: Environment, postgres: EmbeddedPostgres, variables: dict[str, str], log: Path) -> list[Job]:
    """Return what is to be done for the house on its embedded server."""
    # Without an address they find the server by themselves, and come as its owner.
    own = {name: text for name, text in variables.items() if name not in ("DATABASE_URL", "MIGRATE_DATABASE_URL")}
    home = backups_home(environment)

    def last_backup() -> datetime | None:
        identifier = system_identifier(postgres.data)
        return max((each.ended_at for each in backups_in(home / "base") if each.system_identifier == identifier),
                   default=None)  # fmt: skip

    def last_drill() -> datetime | None:
        path = passed_drill(home, system_identifier(postgres.data))
        return datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.exists() else None

    def child(name: str, *arguments: str) -> Child:
        command = [sys.executable, str(BASE_DIR / "manage.py"), *arguments]
        return Child(name, command, own, log / f"{name}.log")

    day, hour = timedelta(days=1), timedelta(hours=1)
    return [
        Job(child("backup", "backup", "--keep", str(environment["BACKUP_KEEP"])), last_backup, day, hour),
        Job(child("restore-drill", "restore_drill"), last_drill, 7 * day, day),
    ]


def passed_drill(home: Path, identifier: str) -> Path:
    """Return the file whose age says when a drill of this cluster last passed."""
    return home / f"passed-drill-{identifier}.json"


class Housekeeping:
    """The jobs, one at a time."""

    def __init__(self, jobs: list[Job]) -> None:
        self.jobs = jobs
        self.running: Job | None = None
        self._look_at = time.monotonic() + FIRST_SECONDS

    def look(self) -> str | None:
        """Start what is due; return a sentence about what has just failed."""
        if self.running:
            return self._await(self.running)
        if time.monotonic() < self._look_at:
            return None
        self._look_at = time.monotonic() + LOOK_SECONDS
        for job in self.jobs:
            if job.is_due(now=datetime.now(UTC)):
                job.child.start()
                self.running = job
                break
        return None

    def stop(self) -> None:
        """End what runs; it leaves nothing half-done."""
        if self.running and self.running.child.process:
            process = self.running.child.process
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                self.running.child.end_group()
                process.wait()

    def _await(self, job: Job) -> str | None:
        if not job.child.has_fallen():
            return None
        assert job.child.process is not None
        self.running = None
        code = job.child.process.returncode
        if code == 0:
            return None
        job.not_before = time.monotonic() + job.again.total_seconds()
        return f"{job.child.name} ended with {code}; its log, {job.child.log}, says why."
