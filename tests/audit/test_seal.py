"""Sealing: every row once, in an order in which nothing that commits late is missed, whatever happens to the job."""

import importlib
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from audit import merkle, proofs, tasks
from audit.context import acting_as
from audit.models import Entry, Seal, SealedRow
from audit.operations import anchor
from audit.queries import tailing
from audit.sources import JOURNAL, SealSource, register_source, registered_sources
from tests.audit.sealing import seal_all, verify, wait_until_sealable, write, write_many
from tests.factories import EntryFactory, SealFactory

# Its verb has its name, and hides it.
job = importlib.import_module("audit.operations.seal")

committed = pytest.mark.django_db(transaction=True)


def sealed_ids() -> list[str]:
    return list(SealedRow.objects.order_by("seal_id", "position").values_list("row_id", flat=True))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@committed
def test_an_empty_journal_makes_no_seal(anchors: Path) -> None:
    assert seal_all() == []
    assert not Seal.objects.exists()
    assert verify()[0] == 0


@committed
def test_a_seal_says_what_it_holds_and_is_anchored(anchors: Path) -> None:
    entries = write(3)

    [made] = seal_all()

    assert (made.number, made.source, made.epoch, made.count) == (1, "journal", 1, 3)
    assert made.previous == proofs.NO_SEAL
    assert sealed_ids() == [str(entry.pk) for entry in entries]
    leaves = [bytes(leaf) for leaf in made.rows.order_by("position").values_list("leaf", flat=True)]
    assert made.root == merkle.root(leaves).hex()
    [line] = lines(anchors)
    assert (line["hash"], line["signature"], line["seal"]) == (made.hash, made.signature, made.header)
    stored = Seal.objects.get()
    assert proofs.seal_hash(stored.header) == stored.hash == made.hash


@committed
def test_seals_stand_in_one_chain_and_nothing_is_sealed_twice() -> None:
    entries = [*write(2)]
    [first] = seal_all()
    entries += write(2)
    [second] = seal_all()

    assert seal_all() == []
    assert (second.number, second.previous) == (2, first.hash)
    assert sealed_ids() == [str(entry.pk) for entry in entries]


@committed
def test_the_task_seals() -> None:
    write()

    with acting_as("task", "audit.tasks.seal"):
        assert tasks.seal() == 1
        assert tasks.seal() == 0


def other_connection() -> psycopg.Connection[Any]:
    own = connection.settings_dict
    return psycopg.connect(
        host=own["HOST"], port=own["PORT"], user=own["USER"], password=own["PASSWORD"], dbname=own["NAME"]
    )


INSERT = (
    "INSERT INTO audit_entry (id, at, actor_type, actor_id, action, subject_type, subject_id, payload, correlation_id)"
    " VALUES (gen_random_uuid(), now(), 'user', 'late', 'identity.program.created', 'identity.program', '1', '{}', 'c')"
    " RETURNING id::text"
)


@committed
def test_a_row_that_commits_late_is_neither_missed_nor_sealed_twice() -> None:
    [before] = write()
    with other_connection() as slow:
        late = slow.execute(INSERT).fetchone()
        assert late is not None
        after = EntryFactory()  # begun later, committed earlier

        seal_all()
        sealed_meanwhile = sealed_ids()
        slow.commit()
    wait_until_sealable()
    seal_all()

    assert sealed_meanwhile == [str(before.pk)]
    assert sealed_ids() == [str(before.pk), late[0], str(after.pk)]
    assert seal_all() == []
    assert verify()[0] == 0


@committed
def test_a_transaction_that_is_rolled_back_leaves_nothing_behind() -> None:
    with other_connection() as slow:
        slow.execute(INSERT)
        after = EntryFactory()
        assert seal_all() == []
        slow.rollback()
    wait_until_sealable()

    seal_all()

    assert sealed_ids() == [str(after.pk)]


@committed
def test_a_long_journal_is_sealed_by_parts_and_in_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    longest = []
    fetch = tailing._rows

    def measured(*arguments: Any, **named: Any) -> list[tailing.SourceRow]:
        page = fetch(*arguments, **named)
        longest.append(len(page))
        return page

    monkeypatch.setattr(tailing, "_rows", measured)
    write_many(25_000)

    made = seal_all()
    code, said = verify()

    assert [one.count for one in made] == [10_000, 10_000, 5_000]
    assert (code, said["rows"], said["unsealed_rows"]) == (0, 25_000, 0)
    # No more rows are ever held at once, however long the journal is; of a sealed one only the hash stays.
    assert max(longest) == tailing.PAGE_ROWS
    assert sum(longest) == 50_000


@committed
def test_a_job_killed_between_commit_and_anchor_heals(anchors: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write()
    seal_all()
    write()
    calls = []

    def killed() -> None:
        calls.append("anchor")
        if len(calls) > 1:  # the run's first call is before the seal
            raise KeyboardInterrupt

    monkeypatch.setattr(job, "anchor", killed)
    with pytest.raises(KeyboardInterrupt):
        seal_all()
    monkeypatch.undo()
    left = (Seal.objects.count(), len(lines(anchors)), verify()[1]["unanchored"])

    assert seal_all() == []

    assert left == (2, 1, 1)
    assert [line["seal"]["number"] for line in lines(anchors)] == [1, 2]
    assert verify()[0] == 0


@committed
def test_a_job_killed_before_its_commit_leaves_nothing(anchors: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = write(2)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(job, "_store_leaves", killed)
    with pytest.raises(KeyboardInterrupt):
        seal_all()
    monkeypatch.undo()
    left = (Seal.objects.count(), SealedRow.objects.count(), anchors.read_text())

    seal_all()

    assert left == (0, 0, "")
    assert sealed_ids() == [str(entry.pk) for entry in entries]


@committed
def test_a_line_cut_short_by_a_crash_is_written_again(anchors: Path) -> None:
    for _ in range(2):
        write()
        seal_all()
    whole = anchors.read_bytes()
    anchors.write_bytes(whole[:-40])

    seal_all()

    assert anchors.read_bytes() == whole[:-40] + b"\n" + whole.splitlines(keepends=True)[1]
    code, said = verify()
    assert (code, said["unreadable_anchors"], said["unanchored"]) == (0, 1, 0)


@committed
def test_a_seal_whose_line_can_not_be_written_stays(anchors: Path) -> None:
    write()
    anchor()
    anchors.unlink()
    anchors.mkdir()  # no file to write into, whoever we are

    with pytest.raises(IsADirectoryError):
        seal_all()
    assert not Seal.objects.exists()  # the run begins with the file, so nothing is sealed that can't be anchored
    anchors.rmdir()

    assert [made.number for made in seal_all()] == [1]


def at_once(*acts: Callable[[], object]) -> list[object]:
    outcomes: list[object] = [None] * len(acts)
    barrier = threading.Barrier(len(acts))

    def run(place: int) -> None:
        barrier.wait()
        try:
            outcomes[place] = acts[place]()
        except Exception as error:  # noqa: BLE001  (the outcome is what the test looks at)
            outcomes[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@committed
def test_jobs_at_the_same_moment_make_one_chain(anchors: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "ROWS_LIMIT", 7)
    write_many(60)

    outcomes = at_once(*[seal_all] * 4)

    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert sum(len(outcome) for outcome in outcomes if isinstance(outcome, list)) == 9
    assert list(Seal.objects.order_by("number").values_list("number", flat=True)) == list(range(1, 10))
    assert len(set(sealed_ids())) == len(sealed_ids()) == 60
    assert sorted(line["seal"]["number"] for line in lines(anchors)) == list(range(1, 10))
    assert verify()[0] == 0


@committed
def test_jobs_that_heal_at_the_same_moment_write_each_line_once(anchors: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "ROWS_LIMIT", 1)
    write_many(50)
    seal_all()
    anchors.unlink()

    assert sorted(map(str, at_once(*[anchor] * 4))) == ["0", "0", "0", "50"]
    assert [line["seal"]["number"] for line in lines(anchors)] == list(range(1, 51))


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["audit_seal", "audit_sealedrow"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET source = source", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
@pytest.mark.parametrize("as_owner", [True, False])
def test_the_database_refuses_to_change_a_seal(table: str, statement: str, as_owner: bool) -> None:
    made = SealFactory()
    made.rows.create(source="journal", row_id="1", leaf=b"0" * 32, position=0)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what waits for the commit would refuse a TRUNCATE first
        if not as_owner:
            clerk = f"clerk_{uuid4().hex}"
            cursor.execute(f"CREATE ROLE {clerk}")
            cursor.execute(f"GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO {clerk}")
            cursor.execute(f"SET LOCAL ROLE {clerk}")

        refusal = "the journal only grows" if as_owner else "permission denied"
        with pytest.raises(DatabaseError, match=refusal), transaction.atomic():
            cursor.execute(statement.format(table))
        cursor.execute("RESET ROLE")

    assert (Seal.objects.count(), SealedRow.objects.count()) == (1, 1)


# Sources


@pytest.mark.django_db
def test_every_column_of_the_journal_is_sealed() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'audit_entry'")
        stored = {name for (name,) in cursor.fetchall()}

    # A migration that adds a column adds a version: see SealSource.
    assert set(JOURNAL.versions[JOURNAL.version]) == stored == {field.column for field in Entry._meta.concrete_fields}


def test_a_source_is_named_in_plain_words_and_once() -> None:
    for wrong in ({"table": "x; DROP TABLE y"}, {"versions": {1: ("id",)}}, {"name": "journal"}):
        words: dict[str, Any] = {"name": "other", "table": "other", "versions": {1: ("id", "transaction_id")}, **wrong}
        with pytest.raises(AssertionError):
            register_source(SealSource(**words))

    assert JOURNAL in registered_sources()
    assert "other" not in {source.name for source in registered_sources()}


# Restores


def moved_to(monkeypatch: pytest.MonkeyPatch, *, system_identifier: str, timeline: int) -> None:
    database = tailing.Database(system_identifier, timeline)
    for module in (job, tailing):
        monkeypatch.setattr(module, "this_database", lambda: database)


@committed
def test_a_point_in_time_restore_opens_an_epoch_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    here = tailing.this_database()
    entries = write()
    seal_all()
    moved_to(monkeypatch, system_identifier=here.system_identifier, timeline=here.timeline + 1)
    entries += write()

    [made] = seal_all()

    assert (made.number, made.epoch, made.timeline) == (2, 2, here.timeline + 1)
    assert sealed_ids() == [str(entry.pk) for entry in entries]
    opened = Entry.objects.get(action="audit.epoch.opened")
    assert (opened.subject_id, opened.payload["epoch"]) == ("2", 2)
    wait_until_sealable()
    assert [one.epoch for one in seal_all()] == [2]  # of the journal's own line about it; no third epoch
    assert verify()[0] == 0


@committed
def test_a_restore_into_another_cluster_seals_what_came_unsealed(monkeypatch: pytest.MonkeyPatch) -> None:
    here = tailing.this_database()
    # Written where transactions had higher numbers; the last was not sealed there.
    [early] = write()
    [sealed, unsealed] = [EntryFactory(transaction_id=10**12 + number) for number in range(2)]
    moved_to(monkeypatch, system_identifier="1", timeline=1)
    monkeypatch.setattr(tailing, "_XMIN", str(10**12 + 1))
    seal_all()
    monkeypatch.undo()
    [new] = write()

    made = seal_all()

    assert [(one.epoch, one.system_identifier) for one in made] == [(1, "1"), (2, here.system_identifier)]
    assert sealed_ids() == [str(entry.pk) for entry in (early, sealed, unsealed, new)]
    wait_until_sealable()
    seal_all()
    assert len(set(sealed_ids())) == len(sealed_ids()) == Entry.objects.count()
    code, said = verify()
    assert (code, said["unsealed_rows"], said["epoch"]) == (0, 0, 2)
