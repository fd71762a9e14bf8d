"""A real PostgreSQL server of the project's own, under ``var/``: found or started, shared, stopped with its last user.

Who uses the server holds a shared lock on ``users.lock`` for as long as its process lives; the kernel drops it even
after ``kill -9``. Whoever can get that lock alone on its way out is the last one and stops the server. Whether the
server is up is asked by connecting to it, never by looking at a process id: after ``kill -9`` a pid file lies.
"""

import atexit
import fcntl
import os
import secrets
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psycopg

from config.postgres.archiving import archive_settings, hand_over
from config.postgres.programs import (
    PROGRAMS_ENVIRONMENT,
    PostgresUnavailable,
    account,
    as_account,
    find_programs,
    reachable_home,
    reachable_programs,
)

SUPERUSER = "countinghouse"  # owns and migrates
RUNTIME_ROLE = "countinghouse_app"  # what web and workers come as
START_SECONDS = 60
# More than the server's own defaults, which are a quarter of a century old: keys of transactions lie anywhere in their
# index, so what of it is in memory, and how often each of its pages is written out whole behind a checkpoint, is what
# posting to large books costs. After a crash up to so much of the log is read again: seconds.
_ROOM = ("max_wal_size=2GB", "checkpoint_timeout=15min")
_BUFFERS_MB = (128, 2048)  # at least and at most; between them a quarter of the memory, as PostgreSQL's manual has it
_CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")  # "max", or bytes
# After a crash the old children hold the shared memory for a moment, and the new server refuses to start until then.
RETRY_SECONDS = 15

# Which servers this process holds; with its pid, since a forked child inherits the table but not the duty.
_held: dict[tuple[int, Path], IO[str]] = {}


class EmbeddedPostgres:
    """One PostgreSQL server whose data lives in ``home``."""

    def __init__(
        self, home: Path, *, binaries: str = "", options: tuple[str, ...] = (), archive: Path | None = None
    ) -> None:
        self.account = account(home)
        self.home = reachable_home(home.resolve(), self.account)
        self.options = options
        self.archive = archive  # where its WAL is kept, if it is
        self._binaries = binaries
        self._bin: Path | None = None

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def set_aside(self) -> list[Path]:
        """The data directories that were replaced by restored ones, the newest first."""
        return sorted(self.home.glob("set-aside-*"), reverse=True)

    @property
    def bin(self) -> Path:
        if self._bin is None:
            self._bin = reachable_programs(find_programs(self._binaries, data=self.data), self.account)
        return self._bin

    def url(self, database: str, *, user: str = SUPERUSER) -> str:
        """Return the address of ``database`` on this server, as ``user``."""
        return f"postgresql://{user}:{self.password}@127.0.0.1:{self._port()}/{database}"

    def acquire(self) -> None:
        """Find the server or start it, and keep it running while this process lives.

        :raises PostgresUnavailable: when it can't be started.
        """
        with self._exclusive("start.lock"):
            if not self.answers():
                try:
                    self._start()
                except OSError as problem:  # a full disk, most often
                    raise PostgresUnavailable(
                        f"The embedded PostgreSQL can't be started: {problem.strerror}: {problem.filename or self.home}"
                    ) from problem
            if (os.getpid(), self.home) not in _held:
                users = (self.home / "users.lock").open("a")
                fcntl.flock(users, fcntl.LOCK_SH)
                _held[os.getpid(), self.home] = users
                atexit.register(self.release)

    def release(self) -> None:
        """Give the server up, and stop it when nobody else uses it."""
        users = _held.pop((os.getpid(), self.home), None)
        if users is None:
            return
        with self._exclusive("start.lock"), users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            self.stop()

    def remove(self) -> bool:
        """Stop the server and remove its data; False, and nothing happens, while anybody uses it."""
        with self.alone() as is_alone:
            if is_alone:
                shutil.rmtree(self.data, ignore_errors=True)
            return is_alone

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Stop the server and keep everybody from it during the block; False, and nothing happens, while it is used."""
        with self._exclusive("start.lock"), (self.home / "users.lock").open("a") as users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            if self.answers():
                self.stop()
            yield True

    def ensure_database(self, name: str) -> None:
        """Create ``name`` when the server has no such database."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            # Two processes may come here together on the first start.
            connection.execute("SELECT pg_advisory_lock(hashtext('countinghouse.database'))")
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))

    def answers(self) -> bool:
        """Whether this very server takes connections (another program may sit on its port)."""
        if not (self.home / "port").exists() or not (self.data / "PG_VERSION").exists():
            return False
        try:
            with psycopg.connect(self.url("postgres"), connect_timeout=3) as connection:
                row = connection.execute("SHOW data_directory").fetchone()
        except psycopg.Error:
            return False
        return row is not None and Path(row[0]) == self.data

    def stop(self) -> None:
        """Stop the server now: open transactions are rolled back, the data is flushed."""
        self.run("pg_ctl", "-D", self.data, "-m", "fast", "-w", "-t", START_SECONDS, "stop")

    def _start(self) -> None:
        if not (self.data / "PG_VERSION").exists():
            if self.set_aside:
                # A switch to restored data that was cut short. Fresh data here would look like an empty house.
                raise PostgresUnavailable(
                    f"{self.data} is missing and {self.set_aside[0]} was put aside for restored data that never came. "
                    "Run the `restore --switch` again, or move the folder back."
                )
            self._initialise()
        deadline = time.monotonic() + RETRY_SECONDS
        while True:
            already = self.log.stat().st_size if self.log.exists() else 0
            self.run("pg_ctl", "-D", self.data, "-l", self.log, "-w", "-t", START_SECONDS,
                      "-o", self._server_options(), "start")  # fmt: skip
            said = self.log.read_bytes()[already:].decode(errors="replace") if self.log.exists() else ""
            if "could not bind" in said or "Address already in use" in said:
                self._keep("port", _free_port())  # somebody took the port while we were away
            elif self.answers():
                # Not pg_ctl's word counts: a server that was still recovering and is ready by now is a failure to it.
                return
            if time.monotonic() > deadline:
                raise PostgresUnavailable(
                    f"The embedded PostgreSQL did not start. Its log, {self.log}, ends with:\n{said[-2000:]}"
                )
            time.sleep(0.3)

    def _initialise(self) -> None:
        # initdb works beside the place and the finished data moves there: it outlives us when we are killed, and what
        # it has half made looks like a server's data. A name of its own, or two of them would tidy up each other's.
        for left in self.home.glob(f"{self.data.name}-*"):
            shutil.rmtree(left, ignore_errors=True)
        making = self.home / f"{self.data.name}-{secrets.token_hex(4)}"
        password_file = self.home / "initial-password"
        password_file.write_text(self.password + "\n")
        password_file.chmod(0o600)
        hand_over(password_file, self.account)
        try:
            made = self.run(
                "initdb", "-D", making, "-U", SUPERUSER, "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions",
                "--auth=scram-sha-256", "--pwfile", password_file,
            )  # fmt: skip
        finally:
            password_file.unlink()
        if made.returncode:
            shutil.rmtree(making, ignore_errors=True)
            raise PostgresUnavailable(f"initdb could not make {self.data}:\n{made.stdout}{made.stderr}")
        # Without PG_VERSION no server ever ran there.
        shutil.rmtree(self.data, ignore_errors=True)
        making.rename(self.data)

    def _server_options(self) -> str:
        # No Unix socket: its path may be no longer than 107 bytes, a project's may.
        settings = [f"port={self._port()}", "listen_addresses=127.0.0.1", "unix_socket_directories=",
                    "max_connections=200", "log_checkpoints=off", f"shared_buffers={_buffers_mb()}MB",
                    *_ROOM, *self.options]  # fmt: skip
        if self.archive:
            settings += archive_settings(self.home, self.archive, data=self.data, owner=self.account)
        # pg_ctl hands the line to a shell.
        return " ".join(f"-c {shlex.quote(setting)}" for setting in settings)

    def _port(self) -> int:
        """Return the port chosen at the first start; it stays the same so that addresses stay valid."""
        return int(self._kept("port", _free_port))

    @property
    def password(self) -> str:
        """Of both roles; made at the first use."""
        return self._kept("password", lambda: secrets.token_urlsafe(24))

    def _kept(self, name: str, make: Callable[[], str]) -> str:
        """Return what the file says, made at its first use."""
        if not (self.home / name).exists():
            self._keep(name, make())
        return (self.home / name).read_text()

    def _keep(self, name: str, text: str) -> None:
        # Whoever is killed here leaves no empty file, and whoever reads meanwhile finds the old one or the new one.
        draft = self.home / f"{name}-{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(text)
        draft.replace(self.home / name)

    @contextmanager
    def _exclusive(self, name: str) -> Iterator[None]:
        self.home.mkdir(parents=True, exist_ok=True)
        hand_over(self.home, self.account)
        with (self.home / name).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def run(self, program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs as its account, far from our terminal and our open files."""
        # A server inherits what pg_ctl is given: a pipe would stay open for ever and the caller would wait on it.
        keeps_running = program == "pg_ctl"
        return subprocess.run(
            [str(self.bin / program), *map(str, arguments)],
            cwd="/",
            env=PROGRAMS_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if keeps_running else subprocess.PIPE,
            stderr=subprocess.DEVNULL if keeps_running else subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C in the terminal is for us; we stop the server ourselves, last
            check=False,
            **as_account(self.account),
        )


def _buffers_mb() -> int:
    least, most = _BUFFERS_MB
    return min(max(_memory() // 4 // 2**20, least), most)


def _memory() -> int:
    """Return how much this machine has, or the container we are in."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = _CONTAINER_LIMIT.read_text().strip()
    except OSError:
        return machine
    return min(machine, int(limit)) if limit.isdecimal() else machine


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])
