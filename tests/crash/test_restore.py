"""What was restored is what was there at that moment, and the house goes on from it."""

import gzip
import json
import re
import shutil
import threading
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from uuid_utils.compat import uuid7

from audit.context import acting_as
from audit.models import Seal
from audit.operations import accept_loss
from config.backup import verification
from config.backup.archive import Archive
from config.backup.manifests import OUTSIDE, backups_in
from config.backup.recovery import TooLate
from config.backup.refusals import BackupDamaged, BackupRefused
from config.backup.restoring import LATEST, REPORT, choose
from config.backup.switching import switch
from config.management.commands.restore import moment
from config.postgres.connection import DATABASE_NAME
from tests.audit.sealing import verify
from tests.crash.backups import LINE, KeptHouse, opened, words_of
from tests.crash.servers import lives, postmaster_of

pytestmark = pytest.mark.xdist_group("backups")


@pytest.fixture
def _unverified(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the commands that verify, in tests of something else: each takes more than a second."""
    monkeypatch.setattr(verification, "VERIFICATIONS", ())


def test_a_backup_taken_while_rows_are_written_restores_whole(kept: KeptHouse) -> None:
    ended = threading.Event()
    written: list[str] = []

    def write(name: str) -> None:
        with psycopg.connect(kept.server.url(DATABASE_NAME), autocommit=True) as connection:
            while not ended.wait(0.005):  # where nothing slows them down, they would write more than the rest can read
                word = f"{name}-{len(written)}"
                connection.execute(LINE, [uuid7(), word])
                written.append(word)  # only what was answered as done

    writers = [threading.Thread(target=write, args=(name,)) for name in ("one", "two", "three")]
    for writer in writers:
        writer.start()
    try:
        backup = kept.backup()
        kept.seal()
    finally:
        ended.set()
        for writer in writers:
            writer.join()
    assert len(written) > 50
    kept.hand_over()

    restored = kept.restore(backup)

    assert restored.examination.is_good
    assert restored.examination.last_seal is not None
    with opened(restored, kept) as database:
        assert words_of(database) == kept.words() >= set(written)
    # What a restore writes is nobody's past until the house is switched to it.
    assert {timeline for timeline, _ in Archive(kept.wal).segments()} == {1}


@pytest.mark.usefixtures("_unverified")
def test_a_moment(kept: KeptHouse) -> None:
    kept.backup()
    kept.write("before")
    kept.seal()
    then = kept.now()
    kept.write("after")
    kept.seal()
    kept.hand_over()

    restored = kept.restore(until=then)

    with opened(restored, kept) as database:
        words = words_of(database)
    assert "before" in words
    assert "after" not in words
    assert restored.examination.is_good
    with kept.database():
        head = Seal.objects.head()
    assert head is not None
    assert restored.examination.lost_seals == [head.number]
    assert restored.reached_at <= then
    assert restored.reached.timeline == 2


def test_a_moment_out_of_reach_is_refused_with_the_range(kept: KeptHouse) -> None:
    backup = kept.backup()
    kept.hand_over()
    to = kept.place()
    range_ = rf"restored from {re.escape(f'{backup.ended_at:%Y-%m-%d %H:%M:%S.%f} UTC')} to "

    with pytest.raises(BackupRefused, match=f"is too early.*{range_}"):
        kept.restore(backup, until=backup.ended_at - timedelta(seconds=1), to=to)
    with pytest.raises(BackupRefused, match=f"has not come yet.*{range_}"):
        kept.restore(backup, until=kept.now() + timedelta(hours=1), to=to)
    with pytest.raises(BackupRefused, match=f"does not reach that far.*{range_}2.*its last transaction") as late:
        kept.restore(backup, until=kept.now(), to=to)
    with pytest.raises(BackupRefused, match="No backup is that old"):
        kept.restore(until=backup.ended_at - timedelta(days=400), to=to)

    assert isinstance(late.value.__cause__, TooLate)
    assert not to.exists()
    assert not list(kept.folder.glob(".restored-*"))


@pytest.mark.parametrize("text", ["2026-11-20T11:00:00", "3 a.m.", "", "20261301", "2026-11-20"])
def test_a_time_without_a_zone_is_refused(text: str) -> None:
    with pytest.raises(BackupRefused, match=r"has no zone|is no time"):
        moment(text)

    assert moment("2026-11-20T11:00:00+01:00") == moment("2026-11-20T10:00:00Z")


def test_nothing_is_restored_over_anything(kept: KeptHouse) -> None:
    backup = kept.backup()
    to = kept.place()
    to.mkdir()
    (to / "precious").touch()

    for there in (to, kept.server.data, to / "precious"):
        with pytest.raises(BackupRefused, match="is not empty"):
            kept.restore(backup, to=there)

    assert (to / "precious").exists()
    assert lives(postmaster_of(kept.server))


def test_no_room_is_said_before_anything_is_copied(kept: KeptHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    backup = kept.backup()
    full = shutil.disk_usage(kept.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full._replace(free=backup.size_bytes))
    to = kept.place() / "deep" / "below"

    with pytest.raises(BackupRefused, match=r"No room in .*MB are needed"):
        kept.restore(backup, to=to)

    assert not to.parent.exists()


@pytest.mark.usefixtures("_unverified")
def test_a_missing_or_damaged_piece_of_the_log_is_named(kept: KeptHouse) -> None:
    backup = kept.backup()
    for word in ("one", "two", "three"):
        kept.write(word)
        kept.hand_over()
    wal = kept.folder / "copied-wal"
    shutil.copytree(kept.wal, wal, copy_function=shutil.copy2)
    for path in (wal, *wal.iterdir()):
        shutil.chown(path, kept.server.data.owner())
    [*_, second, _last] = sorted(wal.glob("00000001*[0-9A-F].gz"))
    content = second.read_bytes()

    second.write_bytes(content[: len(content) // 2])
    with pytest.raises(BackupDamaged, match=f"{second.stem} can't be read: it is damaged"):
        kept.restore(backup, wal=wal)

    second.unlink()
    with pytest.raises(BackupDamaged, match=f"lacks {second.stem}"):
        kept.restore(backup, wal=wal)
    with pytest.raises(BackupRefused, match=f"does not reach that far.*lacks {second.stem}"):
        kept.restore(backup, wal=wal, until=kept.now())

    second.with_suffix("").write_bytes(gzip.decompress(content))  # as others archive it
    shutil.chown(second.with_suffix(""), kept.server.data.owner())
    assert kept.restore(backup, wal=wal).examination.is_good


@pytest.mark.usefixtures("_unverified")
def test_a_server_of_somebody_s_own_is_restored_as_it_was_backed_up(kept: KeptHouse) -> None:
    kept.write("in an outside backup")
    leak = kept.server.home / "leak"  # where the server may write
    with kept.connect() as connection:
        # Overruled where it runs, and among the data all the same.
        connection.execute(f"ALTER SYSTEM SET archive_command = 'touch {leak}'")
        connection.execute("ALTER SYSTEM SET recovery_target_name = 'nowhere'")
    backup = kept.outside_backup()
    with kept.connect() as connection:
        connection.execute("ALTER SYSTEM RESET ALL")
    kept.write("after the outside backup")

    with pytest.raises(BackupRefused, match="can only be restored as it is"):
        kept.restore(backup, until=kept.now(), wal=kept.folder / "no-wal")
    restored = kept.restore(backup, wal=kept.folder / "no-wal")

    assert backup.kind == OUTSIDE
    assert not leak.exists()
    assert restored.examination.is_good
    with opened(restored, kept) as database:
        words = words_of(database)
    assert "in an outside backup" in words
    assert "after the outside backup" not in words
    with pytest.raises(BackupRefused, match="server of your own"):
        switch(kept.server, restored.folder, var=kept.folder, at=kept.now(), even_if_bad=False)


@pytest.mark.usefixtures("_unverified")
def test_lacking_rows_are_found(kept: KeptHouse) -> None:
    kept.write("not to be lost")
    backup = kept.backup()
    assert backup.witness is not None
    forged = {**backup.witness, "rows": {"journal": backup.witness["rows"]["journal"] + 1}}
    (backup.folder / "countinghouse-backup.json").write_text(
        json.dumps({**json.loads((backup.folder / "countinghouse-backup.json").read_text()), "witness": forged})
    )

    restored = kept.restore(backups_in(kept.base)[-1])

    assert not restored.examination.is_good
    assert "rows of finished transactions" in restored.examination.lacking[0]
    shutil.rmtree(backup.folder)


@pytest.mark.usefixtures("_unverified")
def test_the_house_goes_on_from_what_was_restored(kept: KeptHouse) -> None:
    """The last of this module: the house is another one afterwards."""
    kept.backup()
    kept.write("before the mistake")
    kept.seal()
    then = kept.now()
    kept.write("the mistake")
    kept.seal()
    abandoned = kept.backup()
    restored = kept.restore(until=then)
    at = kept.now()
    with pytest.raises(BackupRefused, match="Something uses the house's database"):
        refuse_while_used(kept, restored.folder)

    kept.server.release()
    aside = switch(kept.server, restored.folder, var=kept.folder, at=at, even_if_bad=False)
    kept.server.acquire()

    assert aside is not None
    assert (aside / "PG_VERSION").exists()
    assert not (kept.server.data / REPORT).exists()
    assert "before the mistake" in kept.words()
    assert "the mistake" not in kept.words()
    with kept.database():
        code, said = verify()
        assert (code, {each["what"] for each in said["found"]}) == (1, {"anchor_contradicts"})
        with acting_as("test", "pytest"):
            accept_loss(reason="restored", at=at)
        assert verify()[0] == 0
    kept.write("after the restore")
    kept.seal()
    with kept.database():
        assert verify()[0] == 0
        head = Seal.objects.head()
        assert head is not None
        assert (head.epoch, head.timeline) == (2, 2)

    # From here on the newest line of history counts, and not the newest backup.
    kept.hand_over()
    chosen = choose(LATEST, base=kept.base, archive_root=kept.wal.parent, identifier=kept.identifier, until=None)
    assert chosen.ended_at < abandoned.ended_at
    with opened(kept.restore(), kept) as database:
        assert words_of(database) == kept.words()
    with opened(kept.restore(abandoned), kept) as database:
        assert "the mistake" in words_of(database)


def refuse_while_used(kept: KeptHouse, restored: Path) -> None:
    done = kept.manage("restore", "--switch", str(restored))

    assert done.returncode == 2
    raise BackupRefused(done.stderr)
