"""A drill restores a backup as a catastrophe would have it, and tells what would not have come back."""

import json
import os

import pytest

from config.backup import source
from config.backup.drill import FAILED, drill
from tests.audit.sealing import tamper, verify
from tests.crash.backups import KeptHouse

pytestmark = pytest.mark.xdist_group("backups")


def test_a_drill_passes_and_leaves_nothing(kept: KeptHouse) -> None:
    kept.write("for the drill")
    kept.seal()
    before = sorted((kept.folder / "backups").iterdir())

    done = kept.manage("restore_drill", "--json")

    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(done.stdout)
    assert (said["outcome"], said["lacking"], said["not_journalled"]) == ("passed", [], None)
    assert said["compared"]["journal"] >= 1
    assert said["compared"]["seal"] == said["last_seal"]
    assert set((kept.folder / "backups").iterdir()) - set(before) <= {
        kept.folder / "backups" / f"passed-drill-{kept.identifier}.json",
        kept.base,
    }
    with kept.connect() as connection:
        row = connection.execute(
            "SELECT actor_type, action FROM audit_entry WHERE action LIKE 'identity.drill.%' ORDER BY id DESC LIMIT 1"
        ).fetchone()
    assert row == ("service", "identity.drill.passed")


def test_a_drill_finds_a_sealed_row_that_was_tampered_with(kept: KeptHouse) -> None:
    kept.write("to be tampered with")
    kept.seal()
    change = "UPDATE audit_entry SET actor_id = %s WHERE subject_id = 'to be tampered with'"
    with kept.database():
        tamper("audit_entry", change, ["mallory"])

    done = kept.manage("restore_drill", "--fresh")

    assert done.returncode == 1, done.stdout + done.stderr
    assert "Failed: audit_verify: 1 found, first row_changed journal" in done.stdout
    with kept.database():
        tamper("audit_entry", change, ["alice"])
        assert verify()[0] == 0


def test_a_drill_finds_that_the_log_is_not_archived(kept: KeptHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.backup()
    away = kept.wal.with_name("away")
    kept.wal.rename(away)

    monkeypatch.setattr(source, "ARCHIVED_WITHIN_SECONDS", 0.5)
    with kept.database():
        result = drill(kept.source(), kept.environment, fresh=False, at=kept.now())

    away.rename(kept.wal)
    assert (result.code, result.restored) == (FAILED, None)
    assert "does not archive its WAL" in str(result.problem)


def test_a_drill_that_can_not_be_tried_is_no_failed_one(kept: KeptHouse) -> None:
    done = kept.manage("restore_drill", "--fresh", PG_BIN=os.devnull, DATABASE_URL=kept.server.url("countinghouse"))

    assert done.returncode == 2, done.stdout + done.stderr
    assert "Could not run: The programs of PostgreSQL" in done.stdout
