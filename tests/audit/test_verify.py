"""Whoever has the whole database, triggers switched off, is found out: which row, which seal, and what was done."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.utils import timezone

from audit import merkle, proofs
from audit.context import acting_as
from audit.errors import NothingLost
from audit.models import Entry, Seal, SealedRow
from audit.operations import accept_loss
from audit.queries.keys import public_half, signing_key
from tests.audit.sealing import new_id, seal_all, tamper, verify, wait_until_sealable, write
from tests.factories import EntryFactory

pytestmark = pytest.mark.django_db(transaction=True)

OTHER_SEED = base64.b64encode(b"m" * 32).decode()


@pytest.fixture
def entries() -> list[Entry]:
    """Three sealed lines, then three more under a second seal."""
    first = write(3)
    seal_all()
    second = write(3)
    seal_all()
    assert verify()[0] == 0
    return [*first, *second]


def found() -> list[tuple[str, int | None, str | None]]:
    code, said = verify()
    assert code == (1 if said["found"] else 0)
    assert said["differences"] == len(said["found"])
    return [(each["what"], each["seal"], each["row_id"]) for each in said["found"]]


@pytest.mark.parametrize(
    "change",
    [
        "actor_id = 'mallory'",
        "at = at + interval '1 microsecond'",
        'payload = \'{"number": 4, "rate": "0.10"}\'',
        "payload = payload || '{\"rate\": 0.10}'",
        "program_id = gen_random_uuid()",
        "transaction_id = transaction_id - 1",
        "correlation_id = correlation_id || ' '",
    ],
)
def test_a_changed_row_is_named(change: str, entries: list[Entry]) -> None:
    tamper("audit_entry", f"UPDATE audit_entry SET {change} WHERE id = %s", [entries[4].pk])

    assert found() == [("row_changed", 2, str(entries[4].pk))]


def test_the_first_of_several_comes_first(entries: list[Entry], capsys: pytest.CaptureFixture[str]) -> None:
    for place in (4, 1):
        tamper("audit_entry", "UPDATE audit_entry SET actor_id = 'mallory' WHERE id = %s", [entries[place].pk])

    assert [row_id for _, _, row_id in found()] == [str(entries[1].pk), str(entries[4].pk)]
    with pytest.raises(SystemExit) as end:
        call_command("audit_verify", no_color=True)
    assert end.value.code == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"first  journal {entries[1].pk}, seal 1, was changed after it was sealed (row_changed)"


def test_a_deleted_row_is_named(entries: list[Entry]) -> None:
    tamper("audit_entry", "DELETE FROM audit_entry WHERE id = %s", [entries[0].pk])

    assert found() == [("row_missing", 1, str(entries[0].pk))]


@pytest.mark.parametrize("transaction_id", ["(SELECT transaction_id FROM audit_entry LIMIT 1)", "1", "10::bigint^15"])
def test_a_row_smuggled_in_is_named(transaction_id: str, entries: list[Entry]) -> None:
    smuggled = new_id() if "SELECT" not in transaction_id else str(entries[0].pk)[:-4] + "0000"
    tamper(
        "audit_entry",
        "INSERT INTO audit_entry (id, at, transaction_id, actor_type, actor_id, action, subject_type, subject_id, "
        f"payload, correlation_id) SELECT %s, at, {transaction_id}, actor_type, actor_id, action, subject_type, "
        "subject_id, payload, correlation_id FROM audit_entry WHERE id = %s",
        [smuggled, entries[0].pk],
    )

    assert found() == [("row_inserted", None, smuggled)]
    seal_all()
    assert found() == [("row_inserted", None, smuggled)]  # the job does not whitewash it


def test_a_row_written_since_is_no_difference(entries: list[Entry]) -> None:
    EntryFactory(at=timezone.now())

    code, said = verify()

    assert (code, said["unsealed_rows"]) == (0, 1)
    assert said["oldest_unsealed_at"] is not None


def test_a_changed_leaf_is_told_from_a_changed_row(entries: list[Entry]) -> None:
    tamper("audit_sealedrow", "UPDATE audit_sealedrow SET leaf = sha256('x') WHERE row_id = %s", [str(entries[1].pk)])

    assert found() == [("leaf_changed", 1, str(entries[1].pk))]


def test_a_row_and_its_leaf_changed_together_break_the_root(entries: list[Entry]) -> None:
    from audit.queries.tailing import rows_by_id
    from audit.sources import JOURNAL

    victim = str(entries[1].pk)
    tamper("audit_entry", "UPDATE audit_entry SET actor_id = 'mallory' WHERE id = %s", [victim])
    leaf = rows_by_id(JOURNAL, 1, [victim])[victim].leaf
    tamper("audit_sealedrow", "UPDATE audit_sealedrow SET leaf = %s WHERE row_id = %s", [leaf, victim])

    assert found() == [("seal_root_differs", 1, None)]


def test_a_row_deleted_with_its_leaf_leaves_a_gap(entries: list[Entry]) -> None:
    tamper("audit_entry", "DELETE FROM audit_entry WHERE id = %s", [entries[5].pk])
    tamper("audit_sealedrow", "DELETE FROM audit_sealedrow WHERE row_id = %s", [str(entries[5].pk)])

    assert found() == [("leaf_missing", 2, None)]


def test_a_leaf_put_under_a_closed_seal_is_named(entries: list[Entry]) -> None:
    late = EntryFactory()
    SealedRow.objects.create(source="journal", row_id=str(late.pk), leaf=b"0" * 32, seal_id=1, position=3)

    assert found() == [("leaf_inserted", 1, str(late.pk))]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("sealed_at = sealed_at + interval '1 second'", {"seal_changed", "seal_signature_forged"}),
        ("root = repeat('a', 64)", {"seal_changed", "seal_signature_forged", "seal_root_differs"}),
        ("count = 2", {"seal_changed", "seal_signature_forged", "leaf_inserted"}),
        ("previous = repeat('a', 64)", {"seal_changed", "seal_signature_forged", "seal_chain_broken"}),
        ("signature = repeat('a', 128)", {"seal_signature_forged"}),
        ("key_id = repeat('a', 16)", {"seal_key_unknown"}),
        ("version = 99", {"seal_changed", "seal_signature_forged", "seal_source_unknown", "row_missing"}),
    ],
)
def test_a_changed_seal_is_named(change: str, expected: set[str], entries: list[Entry]) -> None:
    tamper("audit_seal", f"UPDATE audit_seal SET {change} WHERE number = 2")

    differences = found()

    assert {what for what, _, _ in differences} == expected
    assert {seal for _, seal, _ in differences} == {2}


def test_a_missing_seal_is_named(entries: list[Entry]) -> None:
    tamper("audit_seal", "DELETE FROM audit_seal WHERE number = 1")

    assert found()[0] == ("seal_missing", 1, None)


def test_the_last_seal_removed_with_its_rows_contradicts_the_anchors(entries: list[Entry]) -> None:
    tamper("audit_seal", "DELETE FROM audit_seal WHERE number = 2")
    tamper("audit_sealedrow", "DELETE FROM audit_sealedrow WHERE seal_id = 2")
    tamper("audit_entry", "DELETE FROM audit_entry WHERE id = ANY(%s)", [[entry.pk for entry in entries[3:]]])

    assert found() == [("anchor_contradicts", 2, None)]


def rewrite_everything() -> None:
    """Change a row, forget all seals and seal anew: the perfect crime of somebody with the database and a key."""
    tamper("audit_entry", "UPDATE audit_entry SET actor_id = 'mallory'")
    tamper("audit_sealedrow", "DELETE FROM audit_sealedrow")
    tamper("audit_seal", "DELETE FROM audit_seal")
    wait_until_sealable()
    seal_all()


def test_the_chain_rewritten_with_another_key_is_found_by_the_key(
    entries: list[Entry], settings: Any, anchors: Path
) -> None:
    ours, settings.AUDIT_SIGNING_KEY = settings.AUDIT_SIGNING_KEY, OTHER_SEED
    settings.AUDIT_ANCHOR_FILE = anchors.with_name("elsewhere.jsonl")
    rewrite_everything()
    settings.AUDIT_SIGNING_KEY = ours

    assert found() == [("seal_key_unknown", 1, None)]


def test_the_chain_rewritten_with_any_key_contradicts_the_anchors(
    entries: list[Entry], settings: Any, anchors: Path
) -> None:
    settings.AUDIT_SIGNING_KEY = OTHER_SEED
    settings.AUDIT_ANCHOR_FILE = anchors.with_name("elsewhere.jsonl")
    rewrite_everything()
    settings.AUDIT_ANCHOR_FILE = anchors

    assert found() == [("anchor_contradicts", 1, None), ("anchor_contradicts", 2, None)]
    with acting_as("test", "pytest"):
        settings.AUDIT_ANCHOR_FILE = anchors
        seal_all()
    assert ("anchor_contradicts", 1, None) in found()  # the job appends its own lines and removes none


def test_a_line_taken_out_of_the_anchor_file_is_missed(entries: list[Entry], anchors: Path) -> None:
    first, second = anchors.read_text().splitlines(keepends=True)
    anchors.write_text(second)

    assert found() == [("anchor_missing", 1, None)]

    anchors.write_text(first.replace('"count":3', '"count":4') + second)
    assert found() == [("anchor_missing", 1, None)]


@pytest.mark.parametrize("left", [None, ""])
def test_without_an_anchor_file_nothing_is_called_fine(left: str | None, entries: list[Entry], anchors: Path) -> None:
    anchors.unlink()
    if left is not None:
        anchors.write_text(left)

    code = 0
    try:
        call_command("audit_verify")
    except (SystemExit, CommandError) as end:
        code = int(getattr(end, "returncode", getattr(end, "code", 0)))

    assert code == 2


def test_keys_rotate_and_old_seals_stay_believed(entries: list[Entry], settings: Any) -> None:
    old = public_half(signing_key())
    settings.AUDIT_SIGNING_KEY = OTHER_SEED
    write()
    seal_all()

    forgotten = found()
    settings.AUDIT_OLD_PUBLIC_KEYS = [old]

    assert forgotten == [("seal_key_unknown", 1, None), ("seal_key_unknown", 2, None)]
    assert found() == []
    assert len(set(Seal.objects.values_list("key_id", flat=True))) == 2


def test_it_says_when_it_could_not_look(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.AUDIT_SIGNING_KEY = ""
    with pytest.raises(CommandError, match="AUDIT_SIGNING_KEY is missing") as no_key:
        call_command("audit_verify")
    settings.AUDIT_SIGNING_KEY = OTHER_SEED

    def away(*_: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(connection, "cursor", away)
    with pytest.raises(CommandError, match="gone") as no_database:
        call_command("audit_verify")

    assert (no_key.value.returncode, no_database.value.returncode) == (2, 2)


# After a restore


def lose_the_second_seal(entries: list[Entry]) -> None:
    """Bring the database back to where it was after the first seal, as a restore would."""
    tamper("audit_seal", "DELETE FROM audit_seal WHERE number = 2")
    tamper("audit_sealedrow", "DELETE FROM audit_sealedrow WHERE seal_id = 2")
    tamper("audit_entry", "DELETE FROM audit_entry WHERE id = ANY(%s)", [[entry.pk for entry in entries[3:]]])


def test_a_loss_is_red_until_a_person_accepts_it(entries: list[Entry], anchors: Path) -> None:
    lose_the_second_seal(entries)
    write()
    seal_all()
    before = found()

    call_command("audit_accept_loss", "--reason", "disk failure, restored to 12:00")

    assert before == [("anchor_contradicts", 2, None)]
    assert found() == []
    assert verify()[1]["accepted_losses"] == 1
    line = json.loads(anchors.read_text().splitlines()[-1])
    assert line["loss"]["reason"] == "disk failure, restored to 12:00"
    assert Entry.objects.get(action="audit.loss.accepted").payload["lost"] == [2]
    with acting_as("test", "pytest"), pytest.raises(NothingLost):
        accept_loss(reason="again", at=timezone.now())


def test_an_acceptance_that_is_not_signed_with_our_key_excuses_nothing(
    entries: list[Entry], anchors: Path, settings: Any
) -> None:
    lose_the_second_seal(entries)
    ours, settings.AUDIT_SIGNING_KEY = settings.AUDIT_SIGNING_KEY, OTHER_SEED
    with acting_as("test", "mallory"):
        accept_loss(reason="nothing to see", at=timezone.now())
    settings.AUDIT_SIGNING_KEY = ours

    assert found() == [("anchor_contradicts", 2, None)]


def test_roots_are_those_of_the_leaves(entries: list[Entry]) -> None:
    for seal in Seal.objects.all():
        leaves = [bytes(leaf) for leaf in seal.rows.order_by("position").values_list("leaf", flat=True)]
        assert merkle.root(leaves).hex() == seal.root
        assert proofs.seal_hash(seal.header) == seal.hash
