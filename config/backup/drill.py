"""The proof that backups work: restore one beside the house, at this moment, examine it, and throw it away."""

import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from audit.queries.anchors import anchor_path
from config.backup.archive import Archive
from config.backup.manifests import Backup
from config.backup.refusals import BackupDamaged, BackupRefused
from config.backup.restoring import LATEST, Restore, Restored, as_json, choose
from config.backup.source import Source, hand_over_wal
from config.backup.taking import take
from config.backup.witness import Witness, bear_witness
from config.environment import Environment
from config.postgres.archiving import backups_home, hand_over
from config.postgres.connection import embedded_server
from config.postgres.programs import PostgresUnavailable

PASSED, FAILED, COULD_NOT_RUN = 0, 1, 2


@dataclass(slots=True, kw_only=True)
class Drill:
    """How it ended."""

    started_at: datetime
    code: int = COULD_NOT_RUN
    problem: str | None = None
    backup: str | None = None
    backup_taken: bool = False
    restored: Restored | None = None
    compared: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        found = as_json(self.restored) if self.restored else {}
        return {
            "outcome": ("passed", "failed", "could not run")[self.code],
            "problem": self.problem,
            "backup": self.backup,
            "backup_taken": self.backup_taken,
            "started_at": self.started_at.isoformat(),
            "compared": self.compared,
            **{name: found[name] for name in ("until", "reached", "timeline", "verified", "lacking", "last_seal")
               if name in found},
        }  # fmt: skip


def drill(source: Source, environment: Environment, *, fresh: bool, at: datetime) -> Drill:
    """Restore the latest backup beside the house and compare it with the house; take one first when there is none.

    Nothing is raised for what the drill is there to find: it says what went wrong.
    """
    result = Drill(started_at=at)
    try:
        base = backups_home(environment) / "base"
        backup = _backup(source, environment, base, fresh=fresh, result=result)
        result.backup = backup.name
        result.restored = _restore(source, environment, backup, base, result)
        result.code = PASSED if result.restored.examination.is_good else FAILED
        if result.code == FAILED:
            result.problem = _first_problem(result.restored)
    except BackupDamaged as damaged:
        result.code, result.problem = FAILED, str(damaged)
    except (BackupRefused, PostgresUnavailable) as refused:
        result.problem = str(refused)
    except OSError as full:
        result.problem = f"{full.strerror or full}: {full.filename}"
    return result


def _backup(source: Source, environment: Environment, base: Path, *, fresh: bool, result: Drill) -> Backup:
    with source.connect() as server:
        row = server.execute("SELECT system_identifier::text FROM pg_control_system()").fetchone()
    assert row is not None
    if not fresh:
        try:
            return choose(LATEST, base=base, archive_root=base.parent / "wal", identifier=row[0], until=None)
        except BackupDamaged:
            raise
        except BackupRefused:
            pass  # there is none yet
    result.backup_taken = True
    return take(source, into=base, binaries=environment["PG_BIN"])


def _restore(source: Source, environment: Environment, backup: Backup, base: Path, result: Drill) -> Restored:
    scratch = Path(tempfile.mkdtemp(prefix=".drill-", dir=base.parent))
    try:
        owner = embedded_server(environment).account
        hand_over(scratch, owner)
        archive = source.archive(backup.system_identifier)
        witness, until = _now(source, archive)
        # The house's own file, as it was at that moment at the latest: what it holds must be in the restored database.
        anchors = scratch / "anchors.jsonl"
        if anchor_path().exists():
            shutil.copyfile(anchor_path(), anchors)
        restore = Restore(
            backup, to=scratch / "restored", wal=archive.folder if archive else scratch / "no-wal",
            binaries=environment["PG_BIN"], owner=owner, is_scratch=True,
        )  # fmt: skip
        restored = restore.run(until=until, witness=witness, anchors=anchors if anchors.exists() else None)
        if witness:
            result.compared = {**witness.rows, **witness.final, "seal": witness.seal}
        return restored
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _now(source: Source, archive: Archive | None) -> tuple[Witness | None, datetime | None]:
    """Return what the house holds now and the moment of it, once the archive has what leads there.

    Where the WAL is not ours to archive, a backup is restored as it is and compared with what was written down with it.
    """
    if archive is None:
        return None, None
    with source.connect() as server:
        witness = bear_witness(server)
        moment = server.execute("SELECT clock_timestamp()").fetchone()
        hand_over_wal(server, archive)
    assert moment is not None
    return witness, moment[0]


def _first_problem(restored: Restored) -> str:
    found = restored.examination
    if found.lacking:
        return f"The restored database lacks: {found.lacking[0]}"
    bad = next(each for each in found.verified if each.code)
    return f"{bad.command}: {bad.sentence}"
