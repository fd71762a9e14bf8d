"""What a backup says about itself: one JSON file beside the copied data, written last.

A folder without it is no backup. PostgreSQL's own ``backup_manifest`` vouches for each file of the data, and ours for
that manifest and for what lies beside.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from config.backup.refusals import BackupDamaged, BackupRefused

FORMAT: Final = "countinghouse-backup/1"
FILE: Final = "countinghouse-backup.json"
DATA: Final = "data"
ANCHORS: Final = "anchors.jsonl"

EMBEDDED, OUTSIDE = "embedded", "outside"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A complete base backup."""

    name: str
    kind: str  # EMBEDDED, or OUTSIDE: a server that DATABASE_URL names
    started_at: datetime
    ended_at: datetime  # from here on it can be restored to any moment that archived WAL reaches
    system_identifier: str
    timeline: int
    start_lsn: str
    end_lsn: str
    segment_bytes: int
    postgres_version: str
    database: str
    superuser: str  # the role that made the cluster, with which a restored one is entered
    size_bytes: int
    migrations: dict[str, str] = field(default_factory=dict)  # the last of each application
    public_keys: list[str] = field(default_factory=list)  # of seals; the private halves are in no backup
    witness: dict[str, Any] | None = None  # what a restored database must hold at least
    files: dict[str, str] = field(default_factory=dict)  # sha256 of what is beside the data, and of their manifest
    folder: Path = field(default=Path(), compare=False)

    @property
    def postgres_major(self) -> int:
        return int(self.postgres_version.split(".")[0])

    @property
    def data(self) -> Path:
        return self.folder / DATA

    def write(self) -> None:
        """Write it into its folder, and have the disk hold it."""
        said = {name: value for name, value in asdict(self).items() if name != "folder"}
        text = json.dumps({"format": FORMAT, **said}, indent=1, default=_as_text) + "\n"
        with os.fdopen(os.open(self.folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())

    def check_files(self) -> None:
        """Compare what lies beside the data, and their manifest, with what was written down.

        :raises BackupDamaged: naming the first file that differs.
        """
        for name, expected in sorted(self.files.items()):
            path = self.folder / name
            if not path.is_file():
                raise BackupDamaged(f"{path} is missing: this backup is not what was taken.")
            if sha256(path) != expected:
                raise BackupDamaged(f"{path} is not as it was backed up: its SHA-256 differs.")


def read_backup(folder: Path) -> Backup:
    """Return the backup in ``folder``.

    :raises BackupRefused: if there is none.
    """
    path = folder / FILE
    try:
        said = json.loads(path.read_bytes())
        if said.pop("format") != FORMAT:
            raise BackupRefused(f"{path} is of a kind that this version does not know.")
        for name in ("started_at", "ended_at"):
            said[name] = datetime.fromisoformat(said[name])
        return Backup(**said, folder=folder.resolve())
    except FileNotFoundError:
        raise BackupRefused(f"{folder} is no backup: it holds no {FILE}.") from None
    except (ValueError, KeyError, TypeError, AttributeError) as broken:
        raise BackupDamaged(f"{path} can't be read: {broken}") from broken
    except OSError as closed:
        raise BackupRefused(f"{path} can't be read: {closed.strerror}.") from closed


def backups_in(folder: Path) -> list[Backup]:
    """Return the backups in ``folder``, the oldest first; whatever else lies there is left out."""
    found = []
    for path in sorted(folder.glob(f"*/{FILE}")):
        if not path.parent.name.startswith("."):
            try:
                found.append(read_backup(path.parent))
            except BackupRefused:
                continue
    return sorted(found, key=lambda backup: (backup.ended_at, backup.name))


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def size_of(paths: Iterable[Path]) -> int:
    """Return how many bytes the files hold."""
    return sum(path.stat().st_size for path in paths if path.is_file() and not path.is_symlink())


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
