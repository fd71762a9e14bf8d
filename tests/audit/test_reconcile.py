"""Reconciliation: every check is asked, what does not agree is kept until somebody has dealt with it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit import reconciliation
from audit.errors import ReconciliationRunning, UnknownCheck, WrongState
from audit.models import Entry, Finding, ReconciliationRun
from audit.operations import assign_finding, reconcile, settle_finding
from audit.reconciliation import Check, Discrepancy, Scope, register_check
from audit.states import FindingState, RunState
from identity import tasks
from identity.models import Program
from tests.factories import MembershipFactory, ProgramFactory, ProposalFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("acting")]

NOW = timezone.now()


class Books:
    """Two lists that should agree."""

    def __init__(self) -> None:
        self.ours = {"a": 1, "b": 2}
        self.theirs = {"a": 1, "b": 2}

    def compare(self, scope: Scope) -> Iterator[Discrepancy]:
        for key, value in self.ours.items():
            scope.examined += 1
            if self.theirs.get(key) != value:
                yield Discrepancy(
                    key=key, title=f"{key} differs", ours={"v": value}, theirs={"v": self.theirs.get(key)}
                )


@pytest.fixture
def books(monkeypatch: pytest.MonkeyPatch) -> Books:
    """The only check there is."""
    monkeypatch.setattr(reconciliation, "_checks", {})
    books = Books()
    register_check(Check(name="test.books", label="The books agree", examine=books.compare))
    return books


def run(**more: Any) -> ReconciliationRun:
    return reconcile(**{"at": NOW, **more})


def test_a_clean_run_says_what_it_looked_at(books: Books) -> None:
    result = run()

    assert result.state == RunState.CLEAN
    [line] = result.results.all()
    assert (line.name, line.state, line.examined, line.found) == ("test.books", RunState.CLEAN, 2, 0)
    assert result.asked_by == "test:pytest"
    assert list(Entry.objects.order_by("id").values_list("action", flat=True)) == [
        "audit.run.started",
        "audit.run.found_clean",
    ]


def test_a_run_ends_when_its_last_check_has_been_asked(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])

    def slow(scope: Scope) -> Iterator[Discrepancy]:
        clock[0] += 90
        return iter(())

    register_check(Check(name="test.slow", label="Slow", examine=slow))

    result = run()

    result.refresh_from_db()
    assert result.finished_at == NOW + timedelta(seconds=90)
    assert result.results.get(name="test.slow").milliseconds == 90_000


def test_a_discrepancy_becomes_a_finding_with_both_sides(books: Books) -> None:
    books.theirs["b"] = 3

    result = run()

    assert result.state == RunState.FINDINGS
    finding = Finding.objects.get()
    assert (finding.title, finding.ours, finding.theirs) == ("b differs", {"v": 2}, {"v": 3})
    assert (finding.state, finding.last_run) == (FindingState.OPEN, result)


def test_the_same_discrepancy_is_one_finding_however_often_it_shows(books: Books) -> None:
    books.theirs["b"] = 3
    run()

    run(at=NOW + timedelta(days=1))

    finding = Finding.objects.get()
    assert finding.times_seen == 2
    assert finding.last_seen_at - finding.first_seen_at == timedelta(days=1)
    assert Entry.objects.filter(action="audit.finding.opened").count() == 1


def settled(books: Books, to: FindingState) -> Finding:
    books.theirs["b"] = 3
    run()
    finding = assign_finding(Finding.objects.get().pk, assignee_id=uuid4(), at=NOW)
    return settle_finding(finding.pk, to=to, note="a late file", at=NOW)


def test_what_was_called_resolved_and_shows_again_is_open_again(books: Books) -> None:
    finding = settled(books, FindingState.RESOLVED)

    run()

    finding.refresh_from_db()
    assert (finding.state, finding.assignee_id) == (FindingState.OPEN, None)
    assert Entry.objects.filter(action="audit.finding.reopened").count() == 1


def test_what_was_explained_stays_explained_until_it_changes(books: Books) -> None:
    finding = settled(books, FindingState.EXPLAINED)

    run()
    finding.refresh_from_db()
    assert finding.state == FindingState.EXPLAINED
    books.theirs["b"] = 4
    run()

    finding.refresh_from_db()
    assert finding.state == FindingState.OPEN


def test_nobody_settles_what_nobody_has_taken(books: Books) -> None:
    books.theirs["b"] = 3
    run()
    finding = Finding.objects.get()

    with pytest.raises(WrongState), transaction.atomic():
        settle_finding(finding.pk, to=FindingState.RESOLVED, note="x", at=NOW)

    finding.refresh_from_db()
    assert (finding.state, finding.note) == (FindingState.OPEN, "")


def test_a_check_that_breaks_hides_no_other(books: Books) -> None:
    def broken(scope: Scope) -> Iterator[Discrepancy]:
        yield Discrepancy(key="half", title="found before it broke")
        raise ZeroDivisionError("no books today")

    register_check(Check(name="test.a_broken", label="Broken", examine=broken))
    books.theirs["b"] = 3

    result = run()

    assert result.state == RunState.ERROR
    states = {line.name: (line.state, line.error) for line in result.results.all()}
    assert states["test.books"] == (RunState.FINDINGS, "")
    assert states["test.a_broken"] == (RunState.ERROR, "ZeroDivisionError: no books today")
    # What it had found before it broke is not half kept.
    assert list(Finding.objects.values_list("title", flat=True)) == ["b differs"]


def test_one_run_of_a_program_at_a_time(books: Books) -> None:
    program_id = uuid4()
    ReconciliationRun.objects.create(program_id=program_id, started_at=NOW, asked_by="x:y", correlation_id="c")

    with pytest.raises(ReconciliationRunning):
        run(program_id=program_id)

    assert run(program_id=uuid4()).state == RunState.CLEAN
    assert ReconciliationRun.objects.count() == 2


def test_a_run_that_died_is_found_out_by_the_next(books: Books) -> None:
    dead = ReconciliationRun.objects.create(started_at=NOW - timedelta(hours=7), asked_by="x:y", correlation_id="c")

    assert run().state == RunState.CLEAN

    dead.refresh_from_db()
    assert dead.state == RunState.ERROR


def test_only_the_named_checks(books: Books) -> None:
    register_check(Check(name="test.more", label="More", examine=lambda _: ()))

    assert [line.name for line in run(names=["test.more"]).results.all()] == ["test.more"]
    with pytest.raises(UnknownCheck):
        run(names=["test.nothing"])


@pytest.mark.parametrize("table", ["audit_finding", "audit_reconciliationrun", "audit_checkresult"])
def test_the_database_drops_nothing(books: Books, table: str) -> None:
    books.theirs["b"] = 3
    run()

    for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        with pytest.raises(DatabaseError), transaction.atomic():
            connection.cursor().execute(statement)


def test_the_command_tells_by_its_exit_code(books: Books) -> None:
    def command(*arguments: str) -> tuple[int, str]:
        said = StringIO()
        try:
            call_command("reconcile", *arguments, stdout=said)
        except SystemExit as left:
            return int(str(left.code)), said.getvalue()
        return 0, said.getvalue()

    assert command()[0] == 0
    books.theirs["b"] = 3
    code, said = command("--json")
    assert code == 1
    assert json.loads(said)["checks"] == [
        {"check": "test.books", "state": "FINDINGS", "examined": 2, "found": 1, "error": ""}
    ]
    register_check(Check(name="test.broken", label="Broken", examine=lambda _: 1 / 0))  # type: ignore[arg-type, return-value]
    assert command()[0] == 2
    with pytest.raises(CommandError) as refused:
        call_command("reconcile", "--check", "nothing")
    assert refused.value.returncode == 2
    assert "test.books" in command("--list")[1]


# What identity asks


def test_a_program_without_any_owner_is_found(house: Program, program: Program) -> None:
    assert run(names=["identity.owners"]).state == RunState.FINDINGS
    assert Finding.objects.get().program_id == program.pk

    MembershipFactory(program=house, role="OWNER")

    assert run(names=["identity.owners"]).state == RunState.CLEAN


def test_a_proposal_that_was_tampered_with_is_found(program: Program) -> None:
    proposal = ProposalFactory(program=program)

    assert run(names=["identity.digests"]).state == RunState.FINDINGS
    assert Finding.objects.get().title.startswith("A proposal does not say")
    assert proposal.digest in str(Finding.objects.get().theirs)


@pytest.mark.parametrize(
    ("utc_hour", "slugs"), [(2, {"in-utc"}), (1, {"in-berlin"}), (23, {"in-nairobi"}), (12, set())]
)
def test_the_night_is_the_program_s_own(
    books: Books, monkeypatch: pytest.MonkeyPatch, utc_hour: int, slugs: set[str]
) -> None:
    programs: dict[UUID, str] = {}
    for slug, zone in (("in-utc", "UTC"), ("in-berlin", "Europe/Berlin"), ("in-nairobi", "Africa/Nairobi")):
        programs[ProgramFactory(slug=slug, time_zone=zone).pk] = slug
    monkeypatch.setattr("identity.tasks.timezone.now", lambda: datetime(2026, 1, 15, utc_hour, 0, 5, tzinfo=UTC))

    ProgramFactory(slug="house", time_zone="Asia/Tokyo")

    tasks.reconcile_at_night()

    assert {programs[run.program_id] for run in ReconciliationRun.objects.all() if run.program_id} == slugs


def test_the_house_is_asked_about_everything(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    ProgramFactory(slug="house", time_zone="UTC")
    monkeypatch.setattr("identity.tasks.timezone.now", lambda: datetime(2026, 1, 15, 2, 0, 5, tzinfo=UTC))

    tasks.reconcile_at_night()

    assert ReconciliationRun.objects.get().program_id is None


def test_the_seals_are_asked_about_with_the_house_and_not_with_a_program(program: Program) -> None:
    assert run(names=["audit.seals"]).results.get().state == RunState.CLEAN
    assert run(names=["audit.seals"], program_id=program.pk).results.get().examined == 0
