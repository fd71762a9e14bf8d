"""The server that is backed up: how it is reached, which programs suit it, and what it says about its archive."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection as django_connection
from psycopg.conninfo import make_conninfo

from config.backup.archive import Archive
from config.backup.manifests import EMBEDDED, OUTSIDE
from config.backup.refusals import BackupDamaged, BackupRefused
from config.environment import Environment
from config.postgres.archiving import backups_home
from config.postgres.connection import is_embedded

ARCHIVED_WITHIN_SECONDS = 90  # the archiver itself waits a minute after a failure


@dataclass(frozen=True, slots=True)
class ArchiverState:
    """What a server says about its archiving."""

    is_on: bool
    failed_count: int = 0
    archived_at: datetime | None = None
    failed_at: datetime | None = None
    failed_segment: str | None = None
    waiting_bytes: int = 0

    @property
    def is_failing(self) -> bool:
        """Whether the last attempt failed."""
        return self.failed_at is not None and (self.archived_at is None or self.failed_at > self.archived_at)


_ARCHIVER = """
SELECT current_setting('archive_mode') <> 'off', failed_count, last_archived_time, last_failed_time, last_failed_wal,
       CASE WHEN last_archived_wal ~ '^[0-9A-F]{24}$' THEN
         greatest(0, (pg_current_wal_lsn() - '0/0'::pg_lsn)
           - (('x' || substr(last_archived_wal, 9, 8))::bit(32)::bigint * 4294967296
              + (('x' || substr(last_archived_wal, 17, 8))::bit(32)::bigint + 1)
                * pg_size_bytes(current_setting('wal_segment_size'))))
       ELSE 0 END::bigint
FROM pg_stat_archiver
"""


def archiver_state() -> ArchiverState:
    """Return how archiving is on the server that Django is connected to; every role may ask."""
    with django_connection.cursor() as cursor:
        cursor.execute(_ARCHIVER)
        is_on, failed_count, archived_at, failed_at, failed_segment, waiting = cursor.fetchone()
    return ArchiverState(is_on, failed_count, archived_at, failed_at, failed_segment, waiting)


@dataclass(frozen=True, slots=True)
class Source:
    """A running server, reached as the role that owns the tables."""

    kind: str
    conninfo: str  # without the password, which would show in the list of processes
    password: str
    archive_root: Path | None  # of the embedded server; what another one archives, and where, is its operator's

    @contextmanager
    def connect(self) -> Iterator[psycopg.Connection[Any]]:
        """Connect to it.

        :raises BackupRefused: if it does not answer.
        """
        try:
            with psycopg.connect(self.conninfo, password=self.password or None, autocommit=True) as connection:
                yield connection
        except psycopg.OperationalError as away:
            raise BackupRefused(f"The database does not answer: {str(away).strip()}") from away

    def archive(self, system_identifier: str) -> Archive | None:
        """Return the archive that this server writes into, when it is ours."""
        return Archive(self.archive_root / system_identifier) if self.archive_root else None


def this_source(environment: Environment) -> Source:
    """Return the server of this house, as Django is configured to reach it."""
    settings = django_connection.settings_dict
    options = {name: value for name, value in settings["OPTIONS"].items() if name.startswith(("ssl", "target_"))}
    conninfo = make_conninfo(
        host=settings["HOST"], port=settings["PORT"] or None, user=settings["USER"], dbname=settings["NAME"], **options
    )
    embedded = is_embedded(environment)
    return Source(
        kind=EMBEDDED if embedded else OUTSIDE,
        conninfo=conninfo,
        password=settings["PASSWORD"],
        archive_root=backups_home(environment) / "wal" if embedded else None,
    )


def hand_over_wal(connection: psycopg.Connection[Any], archive: Archive) -> None:
    """Have the server archive all that is committed by now, and leave a commit behind it as a mark to stop at.

    :raises BackupDamaged: if the archive does not take it.
    """
    # A recovery stops at the first commit after its moment: in a quiet house there would be none.
    connection.execute("SELECT pg_current_xact_id()")
    segment = _one(connection, "SELECT pg_walfile_name(pg_current_wal_insert_lsn())")
    connection.execute("SELECT pg_switch_wal()")
    deadline = time.monotonic() + ARCHIVED_WITHIN_SECONDS
    while not archive.holds(segment):
        if time.monotonic() > deadline or _one(connection, "SELECT current_setting('archive_mode')") == "off":
            failed = _one(connection, "SELECT coalesce(last_failed_wal, 'none') FROM pg_stat_archiver")
            raise BackupDamaged(
                f"The server does not archive its WAL: {segment} has not come to {archive.folder} (last failure: "
                f"{failed}). The server's log says why."
            )
        time.sleep(0.05)


def _one(connection: psycopg.Connection[Any], query: Any) -> Any:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]
