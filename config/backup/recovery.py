"""A server that recovers copied data to a moment: apart from every other one, archiving nothing, open to us alone.

Its settings are ours and not those that came with the data, which may name folders, libraries and an archive of another
machine. We enter by a socket in a private folder, where no password is asked for.
"""

import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

import psycopg

from config.backup.refusals import BackupDamaged, BackupRefused
from config.postgres.archiving import fetch_command, hand_over
from config.postgres.programs import PROGRAMS_ENVIRONMENT, as_account, reachable_programs
from config.processes.child import dying_with_us

EXAMINER: Final = "countinghouse_examiner"
STOP_SECONDS: Final = 60

# Settings by which the original might wait for others, load what is not here, or stop somewhere else.
_UNSET: Final = (
    "synchronous_standby_names", "shared_preload_libraries", "session_preload_libraries", "archive_cleanup_command",
    "recovery_end_command", "recovery_target", "recovery_target_lsn", "recovery_target_name", "recovery_target_xid",
)  # fmt: skip

_LAST_COMMIT: Final = re.compile(r"last completed transaction was at log time (\S+ \S+)")
_DAMAGED: Final = re.compile(r"damaged WAL: (\S+)")


class TooEarly(BackupRefused):
    """Raised when the moment lies before the end of the backup."""


class TooLate(BackupRefused):
    """Raised when the log ends before the moment."""

    def __init__(self, reached: datetime | None) -> None:
        self.reached = reached
        super().__init__("The log ends before that moment.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Where a recovery ended."""

    last_commit_at: datetime | None  # None: not one beyond the backup itself
    lsn: str
    timeline: int


class RecoveringServer:
    """One server on data that nobody else uses; a context that stops it and removes what it needed besides."""

    def __init__(self, data: Path, *, binaries: Path, owner: pwd.struct_passwd | None, superuser: str) -> None:
        self.data = data
        self.owner = owner
        self.superuser = superuser
        self.port = 0
        self._programs = reachable_programs(binaries, owner)
        self._workshop = Path()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        # A short path: that of a socket may have no more than 107 bytes.
        self._workshop = Path(tempfile.mkdtemp(prefix="countinghouse-restore-", dir="/var/tmp"))
        hand_over(self._workshop, self.owner)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._workshop, ignore_errors=True)

    @property
    def said(self) -> str:
        """The server's log."""
        log = self._workshop / "server.log"
        return log.read_text(errors="replace") if log.exists() else ""

    def recover(
        self, *, archive: Path, until: datetime | None, timeline: str, port: int, is_scratch: bool = False
    ) -> Reached:
        """Replay the log of ``archive`` until a moment, or to its end, and open the data on a timeline of their own.

        :raises TooEarly: if the moment lies before the end of the backup.
        :raises TooLate: if the log ends before it.
        :raises BackupDamaged: if the log, or the data, can't be read.
        """
        settings = {
            "restore_command": fetch_command(self._workshop, archive, self.owner),
            "recovery_target_timeline": timeline,
            "recovery_target_action": "promote",
            # What begins now has to be there when the data become the house's: its archive begins with this.
            "wal_keep_size": "1GB",
        }
        # Last: PostgreSQL takes an empty target that comes after another one for a second one.
        settings["recovery_target_time"] = f"{until.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00" if until else ""
        (self.data / "recovery.signal").touch(mode=0o600)
        hand_over(self.data / "recovery.signal", self.owner)
        self.start(port=port, is_scratch=is_scratch, **settings)
        with self.connect() as server:
            server.execute("CHECKPOINT")  # until then the control file names the old timeline
            row = server.execute(
                "SELECT pg_last_xact_replay_timestamp(), coalesce(pg_last_wal_replay_lsn(), '0/0')::text, timeline_id "
                "FROM pg_control_checkpoint()"
            ).fetchone()
        assert row is not None
        return Reached(last_commit_at=row[0], lsn=row[1], timeline=row[2])

    def start(self, *, port: int, is_scratch: bool = False, **settings: str) -> None:
        """Start it and wait until it takes connections; how long that takes is known to nobody."""
        self.port = port
        hba = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        own = {
            "config_file": str(self._write("postgresql.conf", "")),
            **dict.fromkeys(_UNSET, ""),
            "port": str(port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self._workshop),
            "hba_file": str(self._write("hba.conf", hba)),
            "ident_file": str(self._write("ident.conf", "")),
            "hot_standby": "off",  # nobody reads before it is done, so no setting need be as large as the original's
            "max_prepared_transactions": "100",
            "archive_mode": "off",
            "ssl": "off",
            "log_timezone": "UTC",
            "timezone": "UTC",
            "lc_messages": "C",
            **({"fsync": "off"} if is_scratch else {}),
            **settings,
        }
        # On the command line, which outranks `postgresql.auto.conf` among the data.
        config = [word for name, value in own.items() for word in ("-c", f"{name}={value}")]
        with (self._workshop / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self.data, *config],
                cwd="/",
                env=PROGRAMS_ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dying_with_us(),
                **as_account(self.owner),
            )
        self._wait(self._process)

    @contextmanager
    def connect(self, database: str = "postgres") -> Iterator[psycopg.Connection[Any]]:
        """Enter as the role that made the cluster."""
        with psycopg.connect(
            host=str(self._workshop), port=self.port, user=self.superuser, dbname=database, autocommit=True
        ) as connection:
            yield connection

    @contextmanager
    def examiner(self, database: str) -> Iterator[str]:
        """Yield an address that may read everything, for a program of ours; it is void after the block."""
        password = secrets.token_urlsafe(24)
        with self.connect() as server:
            server.execute(f"DROP ROLE IF EXISTS {EXAMINER}")
            server.execute(f"CREATE ROLE {EXAMINER} LOGIN PASSWORD '{password}' IN ROLE pg_read_all_data, pg_monitor")
        try:
            yield f"postgresql://{EXAMINER}:{password}@127.0.0.1:{self.port}/{database}"
        finally:
            with self.connect() as server:
                server.execute(f"DROP ROLE IF EXISTS {EXAMINER}")

    def stop(self) -> None:
        """Stop it in order, and wait."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None:
            with suppress(psycopg.OperationalError), self.connect():
                return
            time.sleep(0.05)
        said = self.said
        damaged = _DAMAGED.search(said)
        if damaged:
            raise BackupDamaged(f"The archived WAL {damaged[1]} can't be read: it is damaged, or closed to the server.")
        if "before consistent recovery point" in said:
            raise TooEarly("That moment lies before the end of the backup.")
        if "recovery ended before configured recovery target was reached" in said:
            last = _LAST_COMMIT.findall(said)
            raise TooLate(datetime.fromisoformat(last[-1]) if last else None)
        reasons = [line for line in said.splitlines() if re.search(r" (FATAL|PANIC|ERROR): ", line)] or [said[-1000:]]
        raise BackupDamaged("The copied data do not come up: " + " / ".join(reasons[-3:]))

    def _write(self, name: str, text: str) -> Path:
        path = self._workshop / name
        path.touch(mode=0o600)
        path.write_text(text)
        hand_over(path, self.owner)
        return path


def free_port_or(port: int | None) -> int:
    """Return ``port``, or one that nobody listens on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port or 0))
        except OSError:
            raise BackupRefused(f"Port {port} is taken. Choose another, or leave --port out.") from None
        return int(probe.getsockname()[1])
