"""A backup is whole or it is not there; the archive takes what it should, and only what nobody needs is removed."""

import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from config.backup.archive import Archive
from config.backup.intact import check_data
from config.backup.manifests import FILE, Backup, backups_in, read_backup
from config.backup.pruning import prune
from config.backup.refusals import BackupDamaged, BackupRefused
from config.backup.taking import alone_in, take
from config.environment import BASE_DIR
from config.postgres.programs import find_backup_programs
from tests.crash.backups import PG_BIN, KeptHouse
from tests.crash.servers import until, variables

pytestmark = pytest.mark.xdist_group("backups")

SCRIPT = BASE_DIR / "config" / "postgres" / "archive_wal.sh"
SEGMENT = "000000010000000000000007"


def archive(source: Path, folder: Path, name: str = SEGMENT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", SCRIPT, source, name, folder], capture_output=True, text=True, check=False)


@pytest.fixture
def segment(tmp_path: Path) -> Path:
    path = tmp_path / "segment"
    path.write_bytes(b"log" * 50_000 + bytes(50_000))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "wal"
    path.mkdir()
    return path


# The archive


def test_a_piece_of_the_log_is_archived_again_without_a_change(segment: Path, folder: Path) -> None:
    assert archive(segment, folder).returncode == 0
    before = (folder / f"{SEGMENT}.gz").read_bytes()

    assert archive(segment, folder).returncode == 0

    assert [path.name for path in folder.iterdir()] == [f"{SEGMENT}.gz"]
    assert (folder / f"{SEGMENT}.gz").read_bytes() == before
    assert stat.S_IMODE((folder / f"{SEGMENT}.gz").stat().st_mode) == 0o600


def test_another_piece_of_the_same_name_is_refused(segment: Path, folder: Path) -> None:
    archive(segment, folder)
    before = (folder / f"{SEGMENT}.gz").read_bytes()
    segment.write_bytes(segment.read_bytes()[:-1] + b"x")

    refused = archive(segment, folder)

    assert refused.returncode == 1
    assert "holds something else" in refused.stderr
    assert (folder / f"{SEGMENT}.gz").read_bytes() == before


def test_a_draft_of_a_killed_archiver_is_written_anew(segment: Path, folder: Path) -> None:
    (folder / f".{SEGMENT}.draft").write_bytes(b"half of it")

    assert archive(segment, folder).returncode == 0

    assert [path.name for path in folder.iterdir()] == [f"{SEGMENT}.gz"]


def test_a_damaged_piece_in_the_archive_is_not_taken_for_the_same(segment: Path, folder: Path) -> None:
    archive(segment, folder)
    kept = folder / f"{SEGMENT}.gz"
    kept.write_bytes(kept.read_bytes()[:-20])

    assert archive(segment, folder).returncode == 1


@pytest.mark.parametrize("broken", ["no folder", "no source"])
def test_what_was_not_archived_is_not_called_archived(broken: str, segment: Path, folder: Path) -> None:
    if broken == "no folder":
        folder.rmdir()
    else:
        segment.unlink()

    assert 0 < archive(segment, folder).returncode <= 125
    assert not list(folder.glob("*"))


# Which pieces are there, and which are needed


def made_up(folder: Path, day: int, *, start: int, timeline: int = 1, identifier: str = "77") -> Backup:
    """Write a backup of which only the description is there, begun in the piece with this number."""
    at = datetime(2026, 11, day, tzinfo=UTC)
    name = f"base-{day:02}"
    (folder / name).mkdir(parents=True)
    backup = Backup(
        name=name, kind="embedded", started_at=at, ended_at=at, system_identifier=identifier, timeline=timeline,
        start_lsn=f"0/{start:02X}000028", end_lsn=f"0/{start:02X}000120", segment_bytes=1 << 24,
        postgres_version="18.4", database="countinghouse", superuser="countinghouse", size_bytes=1,
        folder=folder / name,
    )  # fmt: skip
    backup.write()
    return backup


def lay_out(folder: Path, *names: str) -> Archive:
    for name in names:
        (folder / f"{name}.gz").write_bytes(b"")
    return Archive(folder)


def pieces(*numbers: int, timeline: int = 1) -> list[str]:
    return [f"{timeline:08X}00000000{number:08X}" for number in numbers]


def fork(folder: Path, at: int) -> None:
    """Let timeline 2 begin in the middle of a piece."""
    (folder / "00000002.history").write_text(f"1\t0/{at:02X}800000\tbefore 2026-11-20\n")


def test_pruning_keeps_what_a_kept_backup_needs(tmp_path: Path, folder: Path) -> None:
    for day, start in ((1, 2), (2, 5), (3, 9)):
        made_up(tmp_path / "base", day, start=start)
    other = made_up(tmp_path / "base", 4, start=1, identifier="88")
    label = f"{pieces(5)[0]}.00000028.backup"
    lay_out(folder, *pieces(*range(1, 12)), label, f"{pieces(4)[0]}.partial", f"{pieces(2)[0]}.00000028.backup")
    (folder / "00000002.history").write_text("")

    pruned = prune(tmp_path / "base", keep=2, system_identifier="77", archive=Archive(folder))

    assert pruned.backups == ["base-01"]
    assert [each.name for each in backups_in(tmp_path / "base")] == ["base-02", "base-03", other.name]
    left = {path.name.removesuffix(".gz") for path in folder.iterdir()}
    assert left == {*pieces(*range(5, 12)), label, "00000002.history"}
    assert pruned.wal_files == 6


def test_pruning_asks_the_oldest_place_and_not_the_oldest_backup(tmp_path: Path, folder: Path) -> None:
    # After a restore the newer timeline begins at an older place.
    made_up(tmp_path / "base", 1, start=9)
    made_up(tmp_path / "base", 2, start=6, timeline=2)
    lay_out(folder, *pieces(*range(4, 12)), *pieces(5, 6, 7, timeline=2))

    prune(tmp_path / "base", keep=2, system_identifier="77", archive=Archive(folder))

    left = {path.name.removesuffix(".gz") for path in folder.iterdir()}
    assert left == {*pieces(*range(6, 12)), *pieces(6, 7, timeline=2)}


def test_a_missing_piece_is_named(tmp_path: Path, folder: Path) -> None:
    backup = made_up(tmp_path, 1, start=3)

    assert lay_out(folder, *pieces(1, 3, 4, 6, 7)).gaps(backup) == pieces(5)
    assert lay_out(folder, *pieces(5)).gaps(backup) == []


def test_a_piece_of_an_abandoned_past_fills_no_gap(tmp_path: Path, folder: Path) -> None:
    backup = made_up(tmp_path, 1, start=3)
    lay_out(folder, *pieces(3, 4, 5, 6, 7), *pieces(5, 7, timeline=2))
    fork(folder, 5)

    assert Archive(folder).gaps(backup) == pieces(6, timeline=2)
    assert Archive(folder).gaps(backup, timeline=1) == []


def test_a_backup_from_an_abandoned_past_is_told_from_the_others(tmp_path: Path, folder: Path) -> None:
    before, after = made_up(tmp_path, 1, start=3), made_up(tmp_path, 2, start=6)
    since = made_up(tmp_path, 3, start=5, timeline=2)
    fork(folder, 5)

    assert [Archive(folder).is_in_line(each) for each in (before, after, since)] == [True, False, True]


# Taking one


def test_a_backup_is_private_and_says_what_it_is(kept: KeptHouse) -> None:
    kept.write("sealed before the backup")
    kept.seal()

    backup = kept.backup()

    modes = {stat.S_IMODE(path.lstat().st_mode) for path in (backup.folder, *backup.folder.rglob("*"))}
    assert modes == {0o700, 0o600}
    assert backup == read_backup(backup.folder)
    assert backup.migrations["audit"] > "0005"
    assert backup.witness is not None
    assert backup.witness["seal"] >= 1
    backup.check_files()
    assert (backup.folder / "anchors.jsonl").read_bytes() == kept.anchors.read_bytes()
    text = (backup.folder / FILE).read_text()
    assert kept.server.password not in text


@pytest.fixture(scope="module")
def whole(kept_house: KeptHouse) -> tuple[Backup, Path]:
    """A backup that is broken and mended, and the programs that look at it."""
    backup = kept_house.backup(kept_house.folder / "to-be-harmed")
    return backup, find_backup_programs(PG_BIN, major=backup.postgres_major, exact=True)[0]


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        ("flip", "is not as it was backed up: its checksum differs"),
        ("shorten", "bytes long, and"),
        ("remove", "is missing from the backup"),
        ("add", "was not backed up and lies in the backup"),
        ("forge", "its checksum differs"),
        ("log", "does not hold the log from"),
    ],
)
def test_a_file_that_is_not_as_it_was_is_named(harm: str, says: str, whole: tuple[Backup, Path]) -> None:
    backup, programs = whole
    [piece] = [path for path in (backup.data / "pg_wal").iterdir() if len(path.name) == 24]
    victim = {
        "add": backup.data / "base" / "smuggled", "forge": backup.data / "backup_manifest", "log": piece
    }.get(harm, backup.data / "global" / "pg_filenode.map")  # fmt: skip
    content = victim.read_bytes() if victim.exists() else b""
    changed = {
        "flip": bytes([content[0] ^ 1 if content else 0]) + content[1:], "shorten": content[:-1], "add": b"",
        "forge": content.replace(b'"Size": 3,', b'"Size": 4,'), "log": content[:0x30] + b"\xff" * 64 + content[0x70:],
    }  # fmt: skip
    check_data(backup.data, programs, with_log=True)
    if harm == "remove":
        victim.unlink()
    else:
        victim.write_bytes(changed[harm])

    with pytest.raises(BackupDamaged) as damaged:
        check_data(backup.data, programs, with_log=True)

    assert str(victim.parent if harm == "log" else victim) in str(damaged.value)
    assert says in str(damaged.value)
    if harm == "add":
        victim.unlink()
    else:
        victim.write_bytes(content)


def test_a_damaged_backup_is_not_restored(whole: tuple[Backup, Path], kept: KeptHouse) -> None:
    backup, _ = whole
    victim = backup.data / "PG_VERSION"
    content = victim.read_text()
    victim.write_text("81\n")
    to = kept.place()

    with pytest.raises(BackupDamaged, match="PG_VERSION is not as it was backed up"):
        kept.restore(backup, to=to)

    assert not to.exists()
    victim.write_text(content)


def test_a_copy_that_is_not_what_the_server_sent_is_no_backup(kept: KeptHouse, tmp_path: Path) -> None:
    # A disk that returns something else than it was given.
    programs = tmp_path / "bin"
    shutil.copytree(kept.server.bin, programs, symlinks=True, copy_function=os.symlink)
    real = (programs / "pg_basebackup").readlink()
    (programs / "pg_basebackup").unlink()
    (programs / "pg_basebackup").write_text(f'#!/bin/sh\n{real} "$@" && echo 81 >"$2/PG_VERSION"\n')
    (programs / "pg_basebackup").chmod(0o755)

    with kept.database(), pytest.raises(BackupDamaged, match="PG_VERSION is not as it was backed up"):
        take(kept.source(), into=tmp_path / "backups", binaries=str(programs))

    assert [path.name for path in (tmp_path / "backups").iterdir()] == [".lock"]


def test_two_at_once(kept: KeptHouse) -> None:
    kept.backup()
    before = sorted(kept.base.iterdir())

    with alone_in(kept.base), pytest.raises(BackupRefused, match=r"Another backup into .* is running"):
        kept.backup()

    assert sorted(kept.base.iterdir()) == before


def test_no_room_and_no_way_in(kept: KeptHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BackupRefused, match="can't be written to"):
        kept.backup(tmp_path / "file" / "backups")

    full = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full._replace(free=1_000_000))
    with pytest.raises(BackupRefused, match=r"No room in .*: 1 MB are free"):
        kept.backup(tmp_path / "backups")

    assert [path.name for path in (tmp_path / "backups").iterdir()] == [".lock"]


def test_a_disk_that_fills_half_way_leaves_nothing(kept: KeptHouse, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "backup", "--to", str(tmp_path / "backups")],
        env=variables(**kept.variables), cwd=BASE_DIR, capture_output=True, text=True, check=False,
        # No file may grow beyond this: the system answers the write as a full disk does.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)),
    )  # fmt: skip

    assert done.returncode == 2, done.stderr
    assert "The server was not copied" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in (tmp_path / "backups").iterdir()] == [".lock"]


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_backup_leaves_nothing_that_looks_like_one(by: int, kept: KeptHouse, tmp_path: Path) -> None:
    into = tmp_path / "backups"
    process = subprocess.Popen(
        [sys.executable, "manage.py", "backup", "--to", str(into)],
        env=variables(**kept.variables), cwd=BASE_DIR, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until(lambda: list(into.glob(".unfinished-*/data/base")), "it copies")

    process.send_signal(by)

    assert process.wait(30) != 0
    assert backups_in(into) == []
    assert not list(into.glob("base-*"))
    if by == signal.SIGTERM:
        assert not list(into.glob(".unfinished-*"))
    whole = kept.backup(into)
    assert sorted(path.name for path in into.iterdir()) == [".lock", whole.name]


def test_a_cut_description_is_no_backup(kept: KeptHouse, tmp_path: Path) -> None:
    made_up(tmp_path, 1, start=1)
    cut = made_up(tmp_path, 2, start=2)
    (cut.folder / FILE).write_text((cut.folder / FILE).read_text()[:100])

    assert [each.name for each in backups_in(tmp_path)] == ["base-01"]
    with pytest.raises(BackupDamaged, match="can't be read"):
        read_backup(cut.folder)


def test_operators_read_what_was_done(kept: KeptHouse) -> None:
    said: Any = kept.manage("backup", "--keep", "2")

    assert said.returncode == 0, said.stderr
    assert "Taken and verified" in said.stdout
    assert "Later moments are kept in" in said.stdout
    assert len(backups_in(kept.base)) <= 2
    assert os.fspath(kept.base) in said.stdout
    listed = kept.manage("backup", "--list", DATABASE_URL="postgres://nobody@127.0.0.1:1/nothing")
    assert kept.latest().name in listed.stdout
    with kept.connect() as connection:
        row = connection.execute(
            "SELECT actor_type, actor_id, payload->>'backup' FROM audit_entry WHERE action = 'identity.backup.taken' "
            "ORDER BY id DESC LIMIT 1"
        ).fetchone()
    assert row == ("service", "backup", kept.latest().name)
