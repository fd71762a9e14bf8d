"""Put restored data in the place of the house's own, with the house stopped; the old ones are set aside."""

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from config.backup.manifests import EMBEDDED
from config.backup.refusals import BackupRefused
from config.backup.restoring import REPORT
from config.postgres.embedded import EmbeddedPostgres

_SEGMENT = re.compile(r"[0-9A-F]{24}")


def switch(house: EmbeddedPostgres, restored: Path, *, var: Path, at: datetime, even_if_bad: bool) -> Path | None:
    """Let the house go on with the data in ``restored``; return where the old data are now, if there were any.

    A switch that was cut short is finished by calling it again; until then the house refuses to start.

    :raises BackupRefused: while anything of the house runs, or if the folder holds no restored data of it.
    """
    coming = house.home / "coming"
    # One that was killed after its first step left the data there.
    restored = restored if restored.exists() or not coming.exists() else coming
    report = _report_of(restored)
    if report["kind"] != EMBEDDED:
        raise BackupRefused("These data are of a server of your own: let that server use them (docs/operators.md).")
    if not report["is_good"] and not even_if_bad:
        raise BackupRefused(
            f"{restored} did not pass its examination: see {REPORT} in it. To use it all the same: --bad."
        )
    if _is_served(restored):
        raise BackupRefused(f"A server runs on {restored}. Stop it first.")

    with _supervisor_stopped(var), house.alone() as is_alone:
        if not is_alone:
            raise BackupRefused("Something uses the house's database. Stop it first.")
        _bring_near(restored, coming)
        _mark_for_the_archive(house, coming, report["timeline"])
        aside = None
        if house.data.exists():
            aside = house.home / f"set-aside-{at:%Y%m%dT%H%M%S}"
            house.data.rename(aside)
        coming.rename(house.data)
        (house.data / REPORT).unlink()
        _keep_names(house.home)
    return aside


def _report_of(restored: Path) -> dict[str, Any]:
    try:
        report: dict[str, Any] = json.loads((restored / REPORT).read_bytes())
    except (OSError, ValueError):
        raise BackupRefused(f"{restored} holds nothing that `restore` has made: there is no {REPORT} in it.") from None
    return report


def _is_served(data: Path) -> bool:
    try:
        leader = int((data / "postmaster.pid").read_text().split()[0])
        os.kill(leader, 0)
    except (FileNotFoundError, ProcessLookupError, ValueError, IndexError):
        return False  # or one that was killed, and left its file
    except PermissionError:
        pass
    return True


@contextmanager
def _supervisor_stopped(var: Path) -> Iterator[None]:
    """Keep `make run` from starting meanwhile; it holds this lock for as long as it runs."""
    var.mkdir(parents=True, exist_ok=True)
    with (var / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupRefused("The house is running. Stop it first (Ctrl-C in `make run`).") from None
        yield


def _bring_near(restored: Path, coming: Path) -> None:
    """Have the data in the house's own folder, so that what remains to do is to rename."""
    if restored == coming:
        return
    shutil.rmtree(coming, ignore_errors=True)
    try:
        restored.rename(coming)
    except OSError:  # another disk
        draft = coming.with_name("coming-unfinished")
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(restored, draft, symlinks=True)
        owner = restored.stat()
        for path in (draft, *draft.rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
        os.sync()
        draft.rename(coming)


def _mark_for_the_archive(house: EmbeddedPostgres, data: Path, timeline: int) -> None:
    """Have the server archive what the new timeline began with: its recovery ran with the archive closed to it.

    Without the history file no later restore would know of this timeline, and follow the abandoned one instead. The
    piece that is being written, and those laid out for later, are the server's own to hand over once they are full.
    """
    said = house.run("pg_controldata", data).stdout
    current = re.search(r"REDO WAL file:\s+([0-9A-F]{24})", said)
    assert current, said
    status = data / "pg_wal" / "archive_status"
    status.mkdir(mode=0o700, exist_ok=True)
    for path in (data / "pg_wal").iterdir():
        is_full = bool(_SEGMENT.fullmatch(path.name)) and int(path.name[:8], 16) == timeline and path.name < current[1]
        if (path.name == f"{timeline:08X}.history" or is_full) and not (status / f"{path.name}.done").exists():
            mark = status / f"{path.name}.ready"
            mark.touch(mode=0o600)
            os.chown(mark, data.stat().st_uid, data.stat().st_gid)


def _keep_names(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
