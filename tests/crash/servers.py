"""Servers and processes of these tests' own: what is killed here is nobody else's."""

import os
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import TypeVar

import environ
import pytest
from django.conf import settings
from django.db import connections

from config.environment import BASE_DIR
from config.environment.variables import VARIABLES
from config.postgres.embedded import EmbeddedPostgres
from tests.memory import spacious

START_SECONDS_LIMIT = 20
# Long enough for a busy machine; what is awaited comes sooner.
PATIENCE_SECONDS = 30
# Where /proc/<pid>/stat says how many threads there are, counted behind the name.
THREADS_PLACE = 17

Found = TypeVar("Found")


def until(condition: Callable[[], Found], what: str, *, seconds: float = PATIENCE_SECONDS) -> Found:
    """Wait for a condition, and fail with its description once the time is up."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s: {what}")
        time.sleep(0.03)


def free_port() -> int:
    """Ask the system for a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Tell whether something accepts connections on the port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


@contextmanager
def open_folder() -> Iterator[Path]:
    """Make a folder that PostgreSQL's account can enter too: pytest's own are closed to everybody else."""
    folder = Path(tempfile.mkdtemp(prefix="countinghouse-crash-", dir=spacious()))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def variables(**own: str) -> dict[str, str]:
    """Return the environment of a process of the house: none of its variables comes from whoever runs the tests."""
    names = {variable.name for variable in VARIABLES}
    outside = {name: value for name, value in os.environ.items() if name not in names}
    # Tasks are signed, and the test process sends some.
    return {**outside, "ENVIRONMENT": "test", "SECRET_KEY": settings.SECRET_KEY, "PYTHONUNBUFFERED": "1", **own}


def run_python(*arguments: str, **own: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the project's folder, and return what it said."""
    return subprocess.run(
        [sys.executable, *arguments],
        env=variables(**own),
        cwd=BASE_DIR,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_SECONDS,
        check=False,
    )


def _stat_of(folder: Path) -> list[str]:
    """Return state, parent, group, session and so on of a process, or nothing when it is gone."""
    try:
        return (folder / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _is_living(stat: list[str]) -> bool:
    # A process is a zombie by name as soon as its first thread has ended; it can't be waited for before the last has.
    return bool(stat) and (stat[0] not in "ZX" or int(stat[THREADS_PLACE]) > 1)


def lives(pid: int) -> bool:
    """Tell whether the process is there, and more than a name that nobody has collected."""
    return _is_living(_stat_of(Path("/proc") / str(pid)))


def processes_of(session: int) -> set[int]:
    """List the living processes of a session: they keep its number when their parent dies."""
    found = {int(folder.name): _stat_of(folder) for folder in Path("/proc").glob("[0-9]*")}
    return {pid for pid, stat in found.items() if _is_living(stat) and int(stat[3]) == session}


def children_of(parent: int) -> set[int]:
    """List the living children of a process."""
    found = {int(folder.name): _stat_of(folder) for folder in Path("/proc").glob("[0-9]*")}
    return {pid for pid, stat in found.items() if _is_living(stat) and int(stat[1]) == parent}


def processes_with(variable: str, value: str) -> set[int]:
    """List the living processes that were started with this environment variable, whoever their parents are now."""
    wanted = f"{variable}={value}".encode()
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0") and _is_living(_stat_of(folder)):
                found.add(int(folder.name))
    return found - {os.getpid()}


def processes_naming(text: str) -> set[int]:
    """List the living processes whose command line holds this text."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if text.encode() in (folder / "cmdline").read_bytes() and _is_living(_stat_of(folder)):
                found.add(int(folder.name))
    return found - {os.getpid()}


def kill(*pids: int) -> None:
    """Kill processes, those already gone excepted."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def postmaster_of(server: EmbeddedPostgres) -> int:
    """Return the process that leads the server."""
    return int((server.data / "postmaster.pid").read_text().splitlines()[0])


def kill_postmaster(server: EmbeddedPostgres) -> None:
    """Kill the server's leading process, and wait until nothing of it is left."""
    leader = postmaster_of(server)
    followers = children_of(leader)
    kill(leader)
    until(lambda: not any(map(lives, {leader, *followers})), "every process of the server is gone")


def port_of(server: EmbeddedPostgres) -> str:
    """Return the port the server is on, or was last."""
    return (server.home / "port").read_text()


class _Stranger(socketserver.TCPServer):
    allow_reuse_address = True


@contextmanager
def stranger_at(port: int) -> Iterator[None]:
    """Listen on a port and hang up on everybody."""
    with _Stranger(("127.0.0.1", port), socketserver.BaseRequestHandler) as stranger:
        thread = Thread(target=stranger.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield
        stranger.shutdown()
        thread.join()


@contextmanager
def database_at(url: str) -> Iterator[None]:
    """Point this process at another database, as all of Django sees it, and back again at the end."""
    place = environ.Env.db_url_config(url)
    own = connections["default"].settings_dict
    kept = {name: own[name] for name in ("HOST", "PORT", "USER", "PASSWORD", "NAME")}
    connections.close_all()
    own.update({name: place[name] for name in kept})
    try:
        yield
    finally:
        connections.close_all()
        own.update(kept)


class RedisServer:
    """A Redis server that keeps nothing, to be killed at will."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        program = shutil.which("redis-server")
        if program is None:
            pytest.fail("redis-server is not installed: apt-get install redis-server")
        self.process = subprocess.Popen(
            [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            stdout=subprocess.DEVNULL,
            cwd=tempfile.gettempdir(),
        )
        until(lambda: listens(self.port), "Redis answers", seconds=START_SECONDS_LIMIT)

    def kill(self) -> None:
        """Kill it, with everything it holds."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
