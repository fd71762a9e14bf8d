"""Whether copied data are as the server sent them: every file against the ``backup_manifest`` that came along.

This is what ``pg_verifybackup`` does. It is done here because that of the packaged PostgreSQL does not start, and a
backup that nobody verifies is a hope.
"""

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any, Final

from config.backup.manifests import sha256
from config.backup.refusals import BackupDamaged
from config.postgres.archiving import system_identifier
from config.postgres.programs import PROGRAMS_ENVIRONMENT
from config.processes.child import dying_with_us

MANIFEST: Final = "backup_manifest"
# The log is not in the manifest: it is read through instead. The others are written by whoever restores.
_NOT_LISTED: Final = ("pg_wal/", MANIFEST, "postgresql.auto.conf", "recovery.signal", "standby.signal")


def read_manifest(data: Path) -> dict[str, Any]:
    """Return the manifest that PostgreSQL wrote, when it is whole.

    :raises BackupDamaged: if it is not.
    """
    path = data / MANIFEST
    try:
        raw = path.read_bytes()
        said: dict[str, Any] = json.loads(raw)
        # Its last line is the checksum of all lines before.
        body = raw[: raw.rindex(b'"Manifest-Checksum"')]
        if said["Manifest-Checksum"] != hashlib.sha256(body).hexdigest():
            raise BackupDamaged(f"{path} is not as it was backed up: its checksum differs.")
    except FileNotFoundError:
        raise BackupDamaged(f"{path} is missing: this backup is not what was taken.") from None
    except (ValueError, KeyError, TypeError) as broken:
        raise BackupDamaged(f"{path} can't be read: {broken}") from broken
    return said


def check_data(data: Path, programs: Path, *, with_log: bool) -> int:
    """Compare every file of ``data`` with the manifest and read the log through; return how many files there are.

    :param with_log: only programs of the server's own version can read its log.
    :raises BackupDamaged: naming the first file that differs.
    """
    manifest = read_manifest(data)
    listed = {_name_of(each): each for each in manifest["Files"]}
    for name, each in sorted(listed.items()):
        path = data / name
        if not path.is_file():
            raise BackupDamaged(f"{path} is missing from the backup.")
        if path.stat().st_size != each["Size"]:
            raise BackupDamaged(f"{path} is {path.stat().st_size} bytes long, and {each['Size']} were backed up.")
        if sha256(path) != each["Checksum"] or each["Checksum-Algorithm"] != "SHA256":
            raise BackupDamaged(f"{path} is not as it was backed up: its checksum differs.")
    for path in sorted(data.rglob("*")):
        name = path.relative_to(data).as_posix()
        if path.is_file() and name not in listed and not name.startswith(_NOT_LISTED):
            raise BackupDamaged(f"{path} was not backed up and lies in the backup.")
    identifier = str(manifest.get("System-Identifier", system_identifier(data)))
    if identifier != system_identifier(data):
        raise BackupDamaged(f"{data / 'global' / 'pg_control'} is of another cluster than the manifest.")
    if with_log:
        for each in manifest["WAL-Ranges"]:
            _read_log(data, programs, each)
    return len(listed)


def _read_log(data: Path, programs: Path, wanted: dict[str, Any]) -> None:
    """Have PostgreSQL read the log that the backup needs: each record carries a checksum."""
    start, end = str(wanted["Start-LSN"]), str(wanted["End-LSN"])
    done = subprocess.run(
        [programs / "pg_waldump", "--quiet", "--path", data / "pg_wal", "--timeline", str(wanted["Timeline"]),
         "--start", start, "--end", end],
        env=PROGRAMS_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        preexec_fn=dying_with_us(),
        check=False,
    )  # fmt: skip
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"pg_waldump ended with {done.returncode}"])[-1]
        raise BackupDamaged(f"{data / 'pg_wal'} does not hold the log from {start} to {end}: {said}")


def _name_of(entry: dict[str, Any]) -> str:
    # A name that is no UTF-8 stands there in hexadecimal.
    if "Encoded-Path" in entry:
        return bytes.fromhex(entry["Encoded-Path"]).decode(errors="surrogateescape")
    return str(entry["Path"])
