"""Restore a backup into a new data directory, at a moment, and examine what came out."""

import fcntl
import json
import os
import pwd
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from config.backup.archive import Archive
from config.backup.intact import check_data
from config.backup.manifests import EMBEDDED, Backup, backups_in, read_backup
from config.backup.recovery import Reached, RecoveringServer, TooEarly, TooLate, free_port_or
from config.backup.refusals import BackupDamaged, BackupRefused
from config.backup.taking import SPARE_BYTES
from config.backup.verification import Examination, examine
from config.backup.witness import Witness
from config.postgres.archiving import hand_over, system_identifier
from config.postgres.embedded import RUNTIME_ROLE, SUPERUSER, EmbeddedPostgres
from config.postgres.programs import can_enter, find_backup_programs

LATEST: Final = "latest"
REPORT: Final = "countinghouse-restored.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came of it."""

    backup: Backup
    folder: Path
    until: datetime | None
    reached: Reached
    examination: Examination

    @property
    def reached_at(self) -> datetime:
        """The last commit that is in it, or the end of the backup when there is none beyond."""
        return self.reached.last_commit_at or self.backup.ended_at


def choose(wanted: str, *, base: Path, archive_root: Path, identifier: str | None, until: datetime | None) -> Backup:
    """Return the backup that is named, or the newest one of this house from which ``until`` can be reached.

    :param identifier: this house's cluster, when its data are there; without it the newest backup counts.
    :raises BackupRefused: if there is none.
    """
    if wanted != LATEST:
        named = Path(wanted)
        return read_backup(base / wanted if not named.exists() and len(named.parts) == 1 else named)
    known = [each for each in backups_in(base) if identifier in (None, each.system_identifier)]
    if not known:
        raise BackupRefused(f"There is no backup of this house in {base}. Name one: --from FOLDER.")
    # One of an abandoned past comes last: it does not lead to where the house was.
    in_line = [each for each in known if Archive(archive_root / each.system_identifier).is_in_line(each)] or known
    if until is None:
        return in_line[-1]
    early_enough = [each for each in in_line if each.ended_at <= until]
    if not early_enough:
        raise BackupRefused(f"No backup is that old: the oldest can be restored from {_shown(in_line[0].ended_at)} on.")
    return early_enough[-1]


class Restore:
    """One restore: the checks before, the recovery, the examination after."""

    def __init__(
        self, backup: Backup, *, to: Path, wal: Path, binaries: str, owner: pwd.struct_passwd | None,
        house: EmbeddedPostgres | None = None, is_scratch: bool = False,
    ) -> None:  # fmt: skip
        self.backup = backup
        self.to = to.resolve()
        self.archive = Archive(wal)
        self.owner = owner
        self.house = house  # whose passwords the restored roles get, and whose last WAL may not be archived yet
        self.is_scratch = is_scratch
        self._binaries, _ = find_backup_programs(binaries, major=backup.postgres_major, exact=True)

    def run(
        self, *, until: datetime | None, timeline: int | None = None, port: int | None = None,
        witness: Witness | None = None, anchors: Path | None = None,
    ) -> Restored:  # fmt: skip
        """Restore, and say how far it went and how it is.

        :raises BackupRefused: if it can't be done, or the moment can't be reached.
        :raises BackupDamaged: if the backup or the WAL is not as it was written.
        """
        self._check(until, timeline)
        port = free_port_or(port)
        draft = self.to.with_name(f".{self.to.name}.unfinished")
        with _only_one(draft, self.to):
            try:
                return self._restore(draft, until, timeline, port, witness, anchors)
            except shutil.Error as several:  # one for each file that could not be copied
                raise BackupRefused(f"It can't be restored to {self.to}: {several.args[0][0][2]}") from several
            except OSError as full:
                raise BackupRefused(f"It can't be restored to {self.to}: {full.strerror or full}.") from full
            finally:
                shutil.rmtree(draft, ignore_errors=True)

    def _check(self, until: datetime | None, timeline: int | None) -> None:
        if self.to.exists() and (not self.to.is_dir() or any(self.to.iterdir())):
            raise BackupRefused(f"{self.to} is not empty. A restore goes into a new folder and never over an old one.")
        if self.owner and not can_enter(self.to.parent, self.owner):
            raise BackupRefused(
                f"PostgreSQL runs here as {self.owner.pw_name}, who can't enter {self.to.parent}. Take another."
            )
        if until is not None and until < self.backup.ended_at:
            raise BackupRefused(f"{_shown(until)} is too early. {self._range()}")
        if until is not None and until > datetime.now(UTC):
            raise BackupRefused(f"{_shown(until)} has not come yet. {self._range()}")
        if until is not None and not any(self.archive.segments()):
            raise BackupRefused(
                f"There is no archived WAL in {self.archive.folder}, so this backup can only be restored as it is: "
                "leave --until out, or name the folder of the WAL with --wal."
            )
        nearest = next(each for each in self.to.parents if each.exists())
        free, needed = shutil.disk_usage(nearest).free, self.backup.size_bytes + SPARE_BYTES
        if free < needed:
            raise BackupRefused(
                f"No room in {nearest}: {free / 1e6:,.0f} MB are free, {needed / 1e6:,.0f} MB are needed."
            )
        self.backup.check_files()
        check_data(self.backup.data, self._binaries, with_log=True)
        missing = self.archive.gaps(self.backup, timeline=timeline)
        if missing and until is None:
            raise BackupDamaged(
                f"The archive {self.archive.folder} lacks {missing[0]}"
                f"{f' and {len(missing) - 1} more' if len(missing) > 1 else ''}, and what comes after can't be used. "
                "Bring it back, or restore to a moment before it: --until."
            )

    def _restore(
        self, draft: Path, until: datetime | None, timeline: int | None, port: int,
        witness: Witness | None, anchors: Path | None,
    ) -> Restored:  # fmt: skip
        backup = self.backup
        hand_over(draft, self.owner)
        data = draft / "data"
        _copy(backup.data, data, self.owner)
        self._bring_last_wal(data)
        with RecoveringServer(data, binaries=self._binaries, owner=self.owner, superuser=backup.superuser) as server:
            reached = self._recover(server, until, timeline, port)
            if self.house and backup.kind == EMBEDDED:
                _take_passwords_of(self.house, server)
            found = examine(server, backup, witness=witness or _witness_of(backup), scratch=draft, anchors=anchors)
        restored = Restored(backup=backup, folder=self.to, until=until, reached=reached, examination=found)
        _write_report(data, restored, self.owner)
        if self.to.exists():
            self.to.rmdir()
        data.rename(self.to)
        return restored

    def _recover(self, server: RecoveringServer, until: datetime | None, timeline: int | None, port: int) -> Reached:
        # A backup from an abandoned past can only follow its own timeline.
        own = "latest" if self.archive.is_in_line(self.backup) else "current"
        try:
            return server.recover(
                archive=self.archive.folder, until=until, port=port, is_scratch=self.is_scratch,
                timeline=str(timeline) if timeline else own,
            )  # fmt: skip
        except TooEarly as early:
            raise BackupRefused(f"That moment is too early. {self._range()}") from early
        except TooLate as late:
            missing = self.archive.gaps(self.backup, timeline=timeline)
            lacks = f" The archive lacks {missing[0]}." if missing else ""
            raise BackupRefused(f"The log does not reach that far. {self._range(late.reached)}{lacks}") from late

    def _range(self, last: datetime | None = None) -> str:
        end = f"to {_shown(last)}, its last transaction" if last else "to the end of the archived WAL"
        return f"This backup can be restored from {_shown(self.backup.ended_at)} {end}."

    def _bring_last_wal(self, data: Path) -> None:
        """Take along what the house's stopped server has written and not archived: the minutes before it fell."""
        house = self.house
        if house is None or not (house.data / "global" / "pg_control").exists() or house.answers():
            return
        if system_identifier(house.data) != self.backup.system_identifier:
            return
        for path in sorted((house.data / "pg_wal").iterdir()):
            if path.is_file() and not self.archive.holds(path.name) and not (data / "pg_wal" / path.name).exists():
                shutil.copy2(path, data / "pg_wal")
                hand_over(data / "pg_wal" / path.name, self.owner)


def _shown(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f} UTC"


def _witness_of(backup: Backup) -> Witness | None:
    return Witness(**backup.witness) if backup.witness else None


@contextmanager
def _only_one(draft: Path, to: Path) -> Iterator[None]:
    try:
        draft.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(draft, os.O_RDONLY)
    except OSError as closed:
        raise BackupRefused(f"It can't be restored to {to}: {closed.strerror}.") from closed
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for left in draft.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        yield
    except BlockingIOError:
        raise BackupRefused(f"Another restore to {to} is running.") from None
    finally:
        os.close(lock)


def _copy(data: Path, to: Path, owner: pwd.struct_passwd | None) -> None:
    shutil.copytree(data, to, symlinks=True)
    if owner:
        for path in (to, *to.rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
    to.chmod(0o700)


def _take_passwords_of(house: EmbeddedPostgres, server: RecoveringServer) -> None:
    """Give both roles the password that this installation uses; the one of the backup may be another machine's."""
    with server.connect() as connection:
        for role in (SUPERUSER, RUNTIME_ROLE):
            if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                connection.execute(f"ALTER ROLE {role} PASSWORD '{house.password}'")


def _write_report(data: Path, restored: Restored, owner: pwd.struct_passwd | None) -> None:
    path = data / REPORT
    path.touch(mode=0o600)
    path.write_text(json.dumps(as_json(restored), indent=1, default=str) + "\n")
    hand_over(path, owner)


def as_json(restored: Restored) -> dict[str, Any]:
    """Return it for machines."""
    found = restored.examination
    return {
        "backup": restored.backup.name,
        "system_identifier": restored.backup.system_identifier,
        "kind": restored.backup.kind,
        "folder": str(restored.folder),
        "until": restored.until.isoformat() if restored.until else None,
        "reached": restored.reached_at.isoformat(),
        "timeline": restored.reached.timeline,
        "is_good": found.is_good,
        "verified": [asdict(each) for each in found.verified],
        "lacking": found.lacking,
        "lost_seals": found.lost_seals,
        "last_seal": found.last_seal,
    }
