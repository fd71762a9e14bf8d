"""Sealing: every row once, in an order in which nothing that commits late is missed, whatever happens to the job."""

import json
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit import merkle, proofs, tasks
from audit.models import Entry, Seal, SealedRow
from audit.operations import anchor
from audit.operations import seal as operation
from audit.queries import tailing
from audit.sources import JOURNAL, SealSource, register_source, registered_sources
from tests.audit.sealing import seal_all, verify, wait_until_sealable, write, write_many
from tests.factories import EntryFactory

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

    from audit.context import acting_as

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
def test_a_long_journal_is_sealed_by_parts_and_in_little_memory() -> None:
    write_many(25_000)
    tracemalloc.start()

    made = seal_all()
    sealing = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    code, said = verify()
    verifying = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert [one.count for one in made] == [10_000, 10_000, 5_000]
    assert (code, said["rows"], said["unsealed_rows"]) == (0, 25_000, 0)
    # 25,000 rows as Python holds them take some 50 MB; a page and the hashes of one seal take a fraction.
    assert sealing < 12_000_000
    assert verifying < 12_000_000


@committed
def test_a_job_killed_between_commit_and_anchor_heals(anchors: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write()
    seal_all()
    write()
    calls = iter([None])

    def killed() -> None:
        next(calls)  # the run's first call passes, the one after the commit does not

    monkeypatch.setattr(operation, "anchor", killed)
    with pytest.raises(RuntimeError if False else StopIteration):
        seal_all()
    assert Seal.objects.count() == 2
    assert len(lines(anchors)) == 1
    assert verify()[1]["unanchored"] == 1
    monkeypatch.undo()
