"""A house with an archive, to be backed up, broken and restored; its server is real and nobody else's."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from psycopg.conninfo import make_conninfo
from uuid_utils.compat import uuid7

from config.backup.manifests import EMBEDDED, OUTSIDE, Backup, backups_in
from config.backup.recovery import RecoveringServer, free_port_or
from config.backup.restoring import LATEST, Restore, Restored, choose
from config.backup.source import Source, hand_over_wal
from config.backup.taking import take
from config.environment import Environment, read
from config.postgres.archiving import system_identifier
from config.postgres.connection import DATABASE_NAME
from config.postgres.embedded import SUPERUSER, EmbeddedPostgres
from config.postgres.programs import find_backup_programs
from config.settings import environment
from tests.audit.sealing import seal_all, wait_until_sealable
from tests.crash.servers import database_at, run_python

PG_BIN: str = environment["PG_BIN"]


class KeptHouse:
    """Laid out as ``VAR_DIR`` is, so that commands of another process find it too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = EmbeddedPostgres(folder / "postgres", binaries=PG_BIN, archive=folder / "backups" / "wal")
        self.base = folder / "backups" / "base"
        self.anchors = folder / "anchors.jsonl"
        self._places = 0

    def open(self) -> None:
        """Start it, with its tables and the house itself."""
        self.server.acquire()
        self.server.ensure_database(DATABASE_NAME)
        with database_at(self.server.url(DATABASE_NAME)):
            call_command("migrate", interactive=False, verbosity=0)
            call_command("seed", verbosity=0, stdout=StringIO())

    @property
    def identifier(self) -> str:
        return system_identifier(self.server.data)

    @property
    def wal(self) -> Path:
        return self.folder / "backups" / "wal" / self.identifier

    @contextmanager
    def database(self) -> Iterator[None]:
        """Let Django see it."""
        with database_at(self.server.url(DATABASE_NAME)):
            yield

    @contextmanager
    def connect(self) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(self.server.url(DATABASE_NAME), autocommit=True) as connection:
            yield connection

    def source(self, kind: str = EMBEDDED) -> Source:
        """Return it as what is backed up; as a server of somebody's own its archive is none of ours."""
        url = psycopg.conninfo.conninfo_to_dict(self.server.url(DATABASE_NAME))
        conninfo = make_conninfo(host=url["host"], port=url["port"], user=SUPERUSER, dbname=DATABASE_NAME)
        root = self.folder / "backups" / "wal" if kind == EMBEDDED else None
        return Source(kind=kind, conninfo=conninfo, password=self.server.password, archive_root=root)

    def backup(self, into: Path | None = None, *, kind: str = EMBEDDED) -> Backup:
        with self.database():
            return take(self.source(kind), into=into or self.base, binaries=PG_BIN)

    def outside_backup(self) -> Backup:
        return self.backup(self.folder / "elsewhere", kind=OUTSIDE)

    def write(self, word: str) -> None:
        """Write a line of the journal."""
        with self.connect() as connection:
            connection.execute(LINE, [uuid7(), word])

    def words(self) -> set[str]:
        """Return what ``write`` wrote."""
        with self.connect() as connection:
            return words_of(connection)

    def seal(self) -> None:
        with self.database():
            wait_until_sealable()
            seal_all()

    def now(self) -> datetime:
        """Return the server's time."""
        with self.connect() as connection:
            row = connection.execute("SELECT clock_timestamp()").fetchone()
        assert row is not None
        moment: datetime = row[0]
        return moment

    def hand_over(self) -> None:
        """Have everything archived that is there."""
        with self.connect() as connection:
            archive = self.source().archive(self.identifier)
            assert archive is not None
            hand_over_wal(connection, archive)

    def latest(self) -> Backup:
        return backups_in(self.base)[-1]

    def place(self) -> Path:
        """Return a folder that is not there yet."""
        self._places += 1
        return self.folder / f"restored-{self._places}"

    def restore(
        self, backup: Backup | None = None, *, until: datetime | None = None, to: Path | None = None,
        wal: Path | None = None, **how: Any,
    ) -> Restored:  # fmt: skip
        chosen = backup or choose(
            LATEST, base=self.base, archive_root=self.wal.parent, identifier=self.identifier, until=until
        )
        restore = Restore(
            chosen, to=to or self.place(), wal=wal or self.wal, binaries=PG_BIN, owner=self.server.account,
            house=self.server, is_scratch=True,
        )  # fmt: skip
        with self.database():
            return restore.run(until=until, **how)

    def manage(self, *arguments: str, **own: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a process of its own, as an operator of this house would."""
        return run_python("manage.py", *arguments, **{**self.variables, **own})

    @property
    def environment(self) -> Environment:
        """What such a command reads from its environment."""
        return read(self.variables)

    @property
    def variables(self) -> dict[str, str]:
        return {
            "ENVIRONMENT": "local",
            "VAR_DIR": str(self.folder),
            "PG_BIN": PG_BIN,
            "AUDIT_SIGNING_KEY": settings.AUDIT_SIGNING_KEY,
            "AUDIT_ANCHOR_FILE": str(self.anchors),
            "LOG_LEVEL": "ERROR",
        }


LINE = (
    "INSERT INTO audit_entry (id, at, actor_type, actor_id, action, subject_type, subject_id, payload, correlation_id) "
    "VALUES (%s, now(), 'user', 'alice', 'identity.word.written', 'identity.word', %s, '{}', 'written')"
)


def words_of(connection: psycopg.Connection[Any]) -> set[str]:
    rows = connection.execute("SELECT subject_id FROM audit_entry WHERE subject_type = 'identity.word'").fetchall()
    return {row[0] for row in rows}


@contextmanager
def opened(restored: Restored, house: KeptHouse) -> Iterator[psycopg.Connection[Any]]:
    """Start a server on restored data, and connect to it."""
    programs, _ = find_backup_programs(PG_BIN, major=restored.backup.postgres_major, exact=True)
    with RecoveringServer(
        restored.folder, binaries=programs, owner=house.server.account, superuser=SUPERUSER
    ) as server:
        server.start(port=free_port_or(None), is_scratch=True)
        with server.connect(DATABASE_NAME) as connection:
            yield connection
