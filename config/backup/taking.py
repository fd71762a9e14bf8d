"""Take a base backup: copied under a name that nobody takes for a backup, verified, described, and then renamed."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
from django.conf import settings

from audit.queries.anchors import anchor_path
from audit.queries.keys import believed_keys
from config.backup.intact import check_data, read_manifest
from config.backup.manifests import ANCHORS, DATA, Backup, read_backup, sha256, size_of
from config.backup.refusals import BackupRefused
from config.backup.source import Source
from config.backup.witness import bear_witness
from config.postgres.programs import PROGRAMS_ENVIRONMENT, PostgresUnavailable, find_backup_programs
from config.processes.child import dying_with_us

UNFINISHED: Final = ".unfinished-"
REMOVED: Final = ".removed-"
SPARE_BYTES: Final = 64_000_000  # for the WAL that is written meanwhile

_FACTS = """
SELECT (SELECT system_identifier::text FROM pg_control_system()),
       current_setting('server_version_num')::int, current_setting('server_version'),
       pg_size_bytes(current_setting('wal_segment_size')), current_database(),
       (SELECT rolname FROM pg_roles WHERE oid = 10),
       (SELECT sum(pg_database_size(oid))::bigint FROM pg_database WHERE has_database_privilege(oid, 'CONNECT')),
       (SELECT string_agg(spcname, ', ') FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global')),
       clock_timestamp()
"""


def take(source: Source, *, into: Path, binaries: str) -> Backup:
    """Copy the running server of ``source`` into a new folder below ``into``, and return the finished backup.

    :raises BackupRefused: if another one runs, the server or the folder can't be used, or there is no room.
    :raises BackupDamaged: if what was copied is not what the server sent.
    """
    try:
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        with alone_in(into):
            _sweep(into)
            with source.connect() as server:
                return _take(source, server, into=into, binaries=binaries)
    except OSError as full:
        raise BackupRefused(f"The backup can't be written to {into}: {full.strerror or full}.") from full
    except (psycopg.Error, PostgresUnavailable) as problem:
        raise BackupRefused(str(problem).strip()) from problem


def _take(source: Source, server: psycopg.Connection[Any], *, into: Path, binaries: str) -> Backup:
    row = server.execute(_FACTS).fetchone()
    assert row is not None
    identifier, number, version, segment_bytes, database, superuser, size, tablespaces, started_at = row
    if tablespaces:
        raise BackupRefused(f"This server keeps tables elsewhere ({tablespaces}), and this command copies one folder.")
    free, needed = shutil.disk_usage(into).free, size + SPARE_BYTES
    if free < needed:
        raise BackupRefused(f"No room in {into}: {free / 1e6:,.0f} MB are free, {needed / 1e6:,.0f} MB are needed.")
    programs, major = find_backup_programs(binaries, major=number // 10_000, exact=False)

    name = f"base-{started_at:%Y%m%dT%H%M%S}-{started_at:%f}Z"
    draft = into / f"{UNFINISHED}{name}"
    draft.mkdir(mode=0o700)
    try:
        witness = bear_witness(server)
        # Before the data: every seal that is anchored here is in the data then.
        files = _copy_anchors(draft)
        _copy_data(source, draft / DATA, programs)
        # PostgreSQL reads its own log only in its own version.
        check_data(draft / DATA, programs, with_log=major == number // 10_000)
        (draft / DATA / "backup_manifest").chmod(0o600)
        files[f"{DATA}/backup_manifest"] = sha256(draft / DATA / "backup_manifest")
        ended_at = _one(server, "SELECT clock_timestamp()")
        first, last = _wal_range(draft / DATA)
        Backup(
            name=name, kind=source.kind, started_at=started_at, ended_at=ended_at, system_identifier=identifier,
            timeline=last["Timeline"], start_lsn=first["Start-LSN"], end_lsn=last["End-LSN"],
            segment_bytes=segment_bytes, postgres_version=version.split()[0], database=database, superuser=superuser,
            size_bytes=size_of(draft.rglob("*")), migrations=_migrations(server), public_keys=_public_keys(),
            witness=witness.as_json() if witness else None, files=files, folder=draft,
        ).write()  # fmt: skip
        _keep_name(draft)
        draft.rename(into / name)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    _keep_name(into)
    return read_backup(into / name)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep every other backup out of ``folder``; the kernel lets go when we are killed.

    :raises BackupRefused: if another one is there.
    """
    with os.fdopen(os.open(folder / ".lock", os.O_WRONLY | os.O_CREAT, 0o600), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupRefused(f"Another backup into {folder} is running. Wait for it.") from None
        yield


def _sweep(folder: Path) -> None:
    """Remove what a killed backup, or a killed removal of one, has left."""
    for left in (*folder.glob(f"{UNFINISHED}*"), *folder.glob(f"{REMOVED}*")):
        shutil.rmtree(left, ignore_errors=True)


def _copy_anchors(draft: Path) -> dict[str, str]:
    try:
        lines = anchor_path().read_bytes()
    except FileNotFoundError:
        return {}
    copy = draft / ANCHORS
    copy.touch(mode=0o600)
    # A line that is being written just now belongs to the next backup.
    copy.write_bytes(lines[: lines.rfind(b"\n") + 1])
    return {ANCHORS: sha256(copy)}


def _copy_data(source: Source, data: Path, programs: Path) -> None:
    done = subprocess.run(
        [programs / "pg_basebackup", "--pgdata", data, "--wal-method", "stream", "--checkpoint", "fast",
         "--manifest-checksums", "SHA256", "--no-password", "--dbname", source.conninfo],
        env={**PROGRAMS_ENVIRONMENT, "PGPASSWORD": source.password},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        preexec_fn=dying_with_us(),
        check=False,
    )  # fmt: skip
    if done.returncode:
        said = done.stderr.strip().replace("pg_basebackup: ", "")
        remedy = ""
        if (
            "no pg_hba.conf entry for replication" in said
            or "must be superuser or replication role" in said
            or ("permission denied to start WAL sender" in said)
        ):
            remedy = (
                "\nA backup comes over the replication protocol. Let the owner's role use it: ALTER ROLE ... "
                "REPLICATION, and a line `host replication ROLE ADDRESS scram-sha-256` in pg_hba.conf."
            )
        raise BackupRefused(f"The server was not copied: {said}{remedy}")


def _wal_range(data: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return where the WAL that the backup needs begins and ends."""
    ranges: list[dict[str, Any]] = read_manifest(data)["WAL-Ranges"]
    ranges.sort(key=lambda each: int(each["Timeline"]))
    return ranges[0], ranges[-1]


def _migrations(server: psycopg.Connection[Any]) -> dict[str, str]:
    if _one(server, "SELECT to_regclass('public.django_migrations')") is None:
        return {}
    return dict(server.execute("SELECT app, max(name) FROM django_migrations GROUP BY app ORDER BY app").fetchall())


def _public_keys() -> list[str]:
    return believed_keys() if settings.AUDIT_SIGNING_KEY else []


def _one(server: psycopg.Connection[Any], query: Any) -> Any:
    row = server.execute(query).fetchone()
    assert row is not None
    return row[0]


def _keep_name(folder: Path) -> None:
    # A new name is safe once its folder is on the disk, too.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
