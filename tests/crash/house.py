"""What `make run` starts, as real processes in a folder and on a port of its own."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from audit.context import acting_as
from config.background.queues import WORKERS_BY_QUEUE
from config.environment import BASE_DIR
from config.postgres.connection import DATABASE_NAME
from config.postgres.embedded import EmbeddedPostgres
from identity.models import Program
from identity.operations import create_program
from tests.crash.servers import (
    children_of,
    database_at,
    free_port,
    kill,
    lives,
    postmaster_of,
    processes_of,
    processes_with,
    until,
    variables,
)

# Migrations, demo data and six processes that load everything, on a machine that does other things too.
START_SECONDS_LIMIT = 90
WEB = "web"
WORKERS = [f"worker:{queue}" for queue in WORKERS_BY_QUEUE]


class _StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _StayHere)


class House:
    """A supervisor and all it runs; a test that ends it leaves it to the next to start it again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.output = folder / "output"
        self.environment = variables(
            VAR_DIR=str(folder),
            # What no process but the migrations may get to see.
            MIGRATE_DATABASE_URL="postgres://owner:secret@127.0.0.1:1/elsewhere",
            PORT=str(self.port),
            # What a killed worker leaves behind comes to another one soon.
            TASK_TIMEOUT_SECONDS="1",
            TASK_RETRY_SECONDS="4",
        )
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def server(self) -> EmbeddedPostgres:
        return EmbeddedPostgres(self.folder / "test-postgres")

    @property
    def said(self) -> str:
        return self.output.read_text()

    @property
    def supervisor(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        """Start it."""
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "config.processes.supervisor"],
                cwd=BASE_DIR,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def running(self) -> "House":
        """Return it once everything in it works, started if it is not."""
        if self.process is None or self.process.poll() is not None:
            self.start()
        until(self._has_come_up, "the house is ready", seconds=START_SECONDS_LIMIT)
        return self

    def _has_come_up(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            pytest.fail(f"the house ended with {self.process.returncode}: {self.said}")
        return "Ctrl-C stops everything" in self.said and self.is_ready() and set(self.parts) == {WEB, *WORKERS}

    def try_to_start(self, **own: str) -> subprocess.CompletedProcess[str]:
        """Start another one in the same folder, and wait for its end."""
        return subprocess.run(
            [sys.executable, "-m", "config.processes.supervisor"],
            cwd=BASE_DIR,
            env={**self.environment, **own},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=START_SECONDS_LIMIT,
            check=False,
        )

    @property
    def parts(self) -> dict[str, int]:
        """What the supervisor keeps running: the web server and the clusters of workers, by name."""
        found = {}
        for pid in children_of(self.supervisor):
            name = variable_of(pid, "COUNTINGHOUSE_PROCESS")
            if name:
                found[name] = pid
        return found

    @property
    def members(self) -> dict[str, set[int]]:
        """Every process of each part."""
        return {name: processes_of(pid) for name, pid in self.parts.items()}

    def left(self) -> set[int]:
        """Every living process that was started by this house or one before it, its database excepted."""
        return processes_with("VAR_DIR", str(self.folder))

    def get(self, path: str) -> tuple[int, str, str]:
        """Ask for a page: its status, its text, and where it sends people."""
        try:
            with _opener.open(f"{self.address}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode(), ""
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read().decode(), refusal.headers.get("Location", "")

    def is_ready(self) -> bool:
        """Tell whether it serves requests."""
        try:
            status, text, _ = self.get("/readyz")
        except OSError:
            return False
        return status == 200 and json.loads(text) == {"status": "ok"}

    @contextmanager
    def database(self) -> Iterator[None]:
        """Let this process see the house's database, wherever it is now."""
        with database_at(self.server.url(DATABASE_NAME)):
            yield

    def open_program(self, slug: str) -> None:
        """Make a row that must never be lost."""
        with self.database(), acting_as("test", "pytest"):
            create_program(name=slug.title(), slug=slug, at=timezone.now())

    def has_program(self, slug: str) -> bool:
        """Tell whether the row is there."""
        with self.database():
            return Program.objects.filter(slug=slug).exists()

    def postgres_processes(self) -> set[int]:
        """The database's processes."""
        leader = postmaster_of(self.server)
        return {leader, *children_of(leader)}

    def stop(self, by: int = signal.SIGTERM) -> int:
        """Tell it to stop, and return its exit code."""
        assert self.process is not None
        self.process.send_signal(by)
        return self.process.wait(START_SECONDS_LIMIT)

    def remove(self) -> None:
        """Kill whatever is left, the database too."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        kill(*self.left())
        # A server whose last user was killed is found and, with its next user, stopped.
        if (self.server.data / "postmaster.pid").exists() and lives(postmaster_of(self.server)):
            self.server.stop()


def variable_of(pid: int, variable: str) -> str:
    try:
        told = (Path("/proc") / str(pid) / "environ").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return ""
    return next((line.partition("=")[2] for line in told if line.startswith(f"{variable}=")), "")


def is_gone(pids: set[int]) -> bool:
    """Tell whether none of the processes lives."""
    return not any(map(lives, pids))


def log_since(server: EmbeddedPostgres, place: int) -> str:
    """Return what the database server has logged after the first ``place`` bytes."""
    return server.log.read_bytes()[place:].decode()


def owner_is_root() -> bool:
    """Tell whether the tests run as root, who lends PostgreSQL another account."""
    return os.geteuid() == 0
