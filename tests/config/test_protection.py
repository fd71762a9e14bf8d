"""Operators are told how old the last backup is, how the last drill ended, and whether the log is archived."""

import sys
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.backup import outcomes
from config.backup.source import ArchiverState, archiver_state
from config.operators.examination import Finding, examine
from config.processes import housekeeping
from config.processes.child import Child
from config.processes.housekeeping import Housekeeping, Job
from config.settings import environment
from identity.models import Program, User
from tests.crash.servers import until

pytestmark = pytest.mark.django_db


def found(part: str) -> list[tuple[bool, str]]:
    findings: list[Finding] = [each for each in examine(now=timezone.now()) if each.part == part]
    return [(each.is_well, each.says) for each in findings]


def backed_up(*, ago: timedelta) -> None:
    assert outcomes.note_backup({"backup": "base-1", "bytes": 50_000_000}, at=timezone.now() - ago) is None


def drilled(*, passed: bool, ago: timedelta) -> None:
    said = {"backup": "base-1", "problem": None if passed else "audit_verify: 1 found"}
    assert outcomes.note_drill(said, passed=passed, at=timezone.now() - ago) is None


def archiving(monkeypatch: pytest.MonkeyPatch, **how: Any) -> None:
    monkeypatch.setattr(outcomes, "archiver_state", lambda: ArchiverState(is_on=True, **how))


def test_a_new_house_has_time_for_its_first_backup(house: Program) -> None:
    assert found("backups") == [(True, "none yet"), (True, "no restore drill yet")]


def test_an_old_house_without_a_backup_is_ill(house: Program) -> None:
    Program.objects.update(created_at=timezone.now() - timedelta(days=15))

    assert found("backups") == [(False, "none yet"), (False, "no restore drill yet, one is due every week")]


def test_the_last_outcomes_are_told(house: Program) -> None:
    backed_up(ago=timedelta(days=9))
    backed_up(ago=timedelta(hours=3))
    drilled(passed=False, ago=timedelta(days=4))
    drilled(passed=True, ago=timedelta(days=2))

    assert found("backups") == [(True, "last one 3 h ago"), (True, "last drill passed 2 d ago")]


def test_a_late_backup_and_a_failed_drill_are_ill(house: Program) -> None:
    backed_up(ago=timedelta(hours=49))
    drilled(passed=True, ago=timedelta(days=2))
    drilled(passed=False, ago=timedelta(hours=1))

    assert found("backups") == [(False, "last one 2 d ago"), (False, "last drill FAILED 1 h ago")]


def test_backups_that_something_else_takes_are_not_looked_for(house: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(environment._values, "BACKUP_MAX_AGE_HOURS", 0)
    Program.objects.update(created_at=timezone.now() - timedelta(days=900))

    assert all(is_well for is_well, _ in found("backups"))


def test_an_archive_that_fails_is_ill(monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime(2026, 11, 20, 3, tzinfo=UTC)
    failed = {"failed_at": at + timedelta(minutes=1), "failed_segment": "0001"}
    archiving(monkeypatch, archived_at=at, waiting_bytes=10**8, **failed)
    assert found("archive") == [(False, "failing since 2026-11-20 03:01:00 UTC at 0001, 100 MB wait")]

    archiving(monkeypatch, archived_at=at, failed_at=at - timedelta(days=1), waiting_bytes=2 * 10**7)
    assert found("archive") == [(True, "WAL archived, last 2026-11-20 03:00:00 UTC, 20 MB wait")]

    archiving(monkeypatch, archived_at=at, waiting_bytes=2 * 10**9)
    [(is_well, _)] = found("archive")
    assert not is_well


def test_a_server_tells_of_its_archive() -> None:
    state = archiver_state()

    assert (state.is_on, state.is_failing, state.waiting_bytes) == (False, False, 0)


def test_an_outcome_without_a_house_is_said_and_not_journalled() -> None:
    missed = outcomes.note_backup({}, at=timezone.now())

    assert missed == "Not journalled: this database has no house yet."


def test_machines_are_told(house: Program, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    backed_up(ago=timedelta(hours=1))
    drilled(passed=False, ago=timedelta(hours=2))
    archiving(monkeypatch, failed_at=timezone.now(), waiting_bytes=5)

    text = client.get("/metrics").content.decode()

    samples = [line.rpartition(" ") for line in text.splitlines() if line.startswith("countinghouse_")]
    lines = {name: float(value) for name, _, value in samples}
    assert 3_600 <= lines["countinghouse_backup_age_seconds"] < 3_700
    assert 7_200 <= lines["countinghouse_restore_drill_age_seconds"] < 7_300
    assert lines["countinghouse_restore_drill_passed"] == 0
    assert lines["countinghouse_wal_archive_failing"] == 1
    assert lines["countinghouse_wal_archive_waiting_bytes"] == 5


def test_the_operations_page_shows_it(alice: User, client: Client) -> None:
    client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(reverse("admin:operations")).content.decode().count("None yet") == 2

    backed_up(ago=timedelta(hours=3))
    drilled(passed=False, ago=timedelta(days=2))
    page = client.get(reverse("admin:operations")).content.decode()

    assert "base-1, 50 MB" in page
    assert "audit_verify: 1 found" in page
    assert "3 h ago" in page
    assert "Failed" in page


def test_backups_are_not_taken_without_a_number_to_keep() -> None:
    with pytest.raises(CommandError, match="--keep takes a number from 1 up"):
        call_command("backup", "--keep", "0", stdout=StringIO())


# What `make run` does by the clock


def job(folder: Path, code: int, *, last: datetime | None = None) -> Job:
    child = Child("a-job", [sys.executable, "-c", f"raise SystemExit({code})"], {}, folder / "log")
    return Job(child, lambda: last, timedelta(days=1), timedelta(hours=1))


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "FIRST_SECONDS", 0)
    monkeypatch.setattr(housekeeping, "LOOK_SECONDS", 0)


@pytest.mark.usefixtures("_at_once")
def test_only_what_is_due_is_started(tmp_path: Path) -> None:
    fresh = job(tmp_path, 0, last=datetime.now(UTC) - timedelta(hours=23))
    due = job(tmp_path, 0, last=datetime.now(UTC) - timedelta(hours=25))
    keeping = Housekeeping([fresh, due])

    keeping.look()

    assert keeping.running is due
    until(due.child.has_fallen, "it has ended")
    assert keeping.look() is None
    assert fresh.child.process is None


@pytest.mark.usefixtures("_at_once")
def test_what_failed_is_told_and_not_tried_again_at_once(tmp_path: Path) -> None:
    failing = job(tmp_path, 2)
    keeping = Housekeeping([failing])
    keeping.look()
    until(failing.child.has_fallen, "it has ended")

    said = keeping.look()
    keeping.look()

    assert said == f"a-job ended with 2; its log, {tmp_path / 'log'}, says why."
    assert keeping.running is None


def test_a_house_that_has_just_opened_is_left_alone(tmp_path: Path) -> None:
    keeping = Housekeeping([job(tmp_path, 0)])

    keeping.look()

    assert keeping.running is None
