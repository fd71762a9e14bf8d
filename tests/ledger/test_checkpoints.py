"""Where verification goes on, what it sees from there, and what only one from the beginning sees."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from audit.operations import reconcile
from audit.states import RunState
from ledger.models import Checkpoint, Entry, Transaction, Verification
from ledger.operations import post_many
from ledger.queries.verification import is_full_due
from tests.audit.sealing import tamper, wait_until_sealable
from tests.ledger.books import Book
from tests.ledger.test_verify import verify

pytestmark = pytest.mark.django_db(transaction=True)

AL, BO, CLEARING, REVENUE = "wallet:al", "wallet:bo", "rail:mpesa:clearing", "program:acme:revenue"


@pytest.fixture
def verified(book: Book) -> Book:
    """Ten transfers that were verified, and can be told from what comes."""
    book.post("TOPUP", (CLEARING, AL, "100"))
    for _ in range(10):
        book.post("TRANSFER", (AL, BO, "1"))
    wait_until_sealable()
    assert verify()[0] == 0
    assert Checkpoint.objects.get(account=book.account(AL)).entries == 11
    return book


def found(*arguments: str) -> set[str]:
    return {each["what"] for each in verify(*arguments)[1]["found"]}


def entry(number: int) -> int:
    """The id of the entry that made Bo's balance for the ``number``th time."""
    return Entry.objects.get(credit_account__code=BO, credit_version=number).pk


LESS = "UPDATE ledger_entry SET amount = amount - 0.5 WHERE id = %s"


def test_only_what_came_since_is_looked_at(verified: Book) -> None:
    assert verify()[1]["entries"] == 0  # one side of one: its striped account has no milestone yet
    verified.post("TRANSFER", (AL, BO, "1"))

    assert verify()[1]["entries"] == 1
    assert verify("--full")[1]["entries"] == 12
    assert verify("--since", "2000-01-01T00:00Z")[1]["entries"] == 12


def test_tampering_behind_a_checkpoint_is_found_from_it(verified: Book) -> None:
    verified.post("TRANSFER", (AL, BO, "1"))
    verified.post("TRANSFER", (AL, BO, "1"))

    tamper("ledger_entry", LESS, [entry(11)])

    assert found() == found("--full") == {"running_balance", "balance", "entries"}
    assert found() == {"running_balance", "balance", "entries"}, "it is found again until it is mended"


def test_tampering_before_a_checkpoint_is_found_from_the_beginning(verified: Book) -> None:
    tamper("ledger_entry", LESS, [entry(3)])

    assert found() == set(), "a checkpoint is believed: that is what --full is for"
    assert found("--full") == {"running_balance", "balance", "entries"}
    assert found() == {"running_balance", "balance", "entries"}, "what was found wrong is not believed any more"


def test_a_changed_balance_is_found_from_a_checkpoint(verified: Book) -> None:
    change = "UPDATE ledger_balance SET amount = amount + 1 WHERE account_id = %s"
    tamper("ledger_balance", change, [verified.account(BO).pk])

    assert found() == {"balance", "imbalance"}


def test_entries_that_are_gone_are_found_behind_a_checkpoint(verified: Book) -> None:
    booked = verified.post("TRANSFER", (AL, BO, "1"))
    tamper("ledger_entry", "DELETE FROM ledger_entry WHERE transaction_id = %s", [booked.id])

    assert found() == {"count", "balance", "no_entries"}


def test_entries_without_their_transaction_are_found_from_the_beginning(verified: Book) -> None:
    [gone] = Transaction.objects.filter(kind="TOPUP")
    tamper("ledger_transaction", "DELETE FROM ledger_transaction WHERE id = %s", [gone.pk])

    assert found("--full") == {"no_transaction"}


def test_entries_of_another_moment_are_found(verified: Book) -> None:
    tamper("ledger_entry", "UPDATE ledger_entry SET booked_at = booked_at - interval '1 day' WHERE id = %s", [entry(5)])

    assert found("--full") == {"moment", "order"}


def test_a_time_believes_what_was_before_it(verified: Book) -> None:
    then = Entry.objects.get(pk=entry(6)).booked_at
    tamper("ledger_entry", LESS, [entry(3)])

    assert found("--since", then.isoformat()) == set()
    before = Entry.objects.get(pk=entry(2)).booked_at
    assert "entries" in found("--since", before.isoformat())


def test_a_value_date_that_is_not_kept_is_found(verified: Book) -> None:
    at = timezone.now() - timedelta(days=3)
    verified.post("TOPUP", (CLEARING, AL, "5"), effective_at=at)
    other = entry(4)
    assert found("--full") == set()

    tamper("ledger_valuedated", "UPDATE ledger_valuedated SET begins_at = begins_at - interval '1 day'")
    assert found("--full") == {"value_date"}
    tamper("ledger_valuedated", "UPDATE ledger_valuedated SET begins_at = begins_at + interval '1 day'")
    assert found("--full") == set()
    tamper("ledger_valuedated", "UPDATE ledger_valuedated SET entry_id = %s", [other])
    assert verify("--full")[1]["differences"] == 2


def test_long_accounts_are_walked_in_pieces(verified: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    post_many([verified.asked("TRANSFER", (AL, BO, "0.1")) for _ in range(40)])
    for name, value in (("SIDES_AT_ONCE", 12), ("ACCOUNTS_AT_ONCE", 2)):
        monkeypatch.setattr(f"ledger.queries.chains.{name}", value)
    monkeypatch.setattr("ledger.queries.digests.TRANSACTIONS_AT_ONCE", 7)

    code, said = verify("--full")
    assert (code, said["entries"]) == (0, 51)
    tamper("ledger_entry", LESS.replace("0.5", "0.05"), [entry(45)])
    assert found("--full") == {"running_balance", "balance", "entries"}


def test_with_read_only_nothing_is_kept(book: Book) -> None:
    book.post("TOPUP", (CLEARING, AL, "100"))

    assert verify("--read-only")[0] == verify("--since", "2000-01-01T00:00Z")[0] == 0

    assert not Checkpoint.objects.exists()
    assert not Verification.objects.exists()


def test_another_database_s_count_of_transactions_says_nothing(verified: Book) -> None:
    Verification.objects.update(system_identifier="elsewhere")
    tamper("ledger_transaction", "UPDATE ledger_transaction SET entries_digest = decode(repeat('ab', 16), 'hex')")

    assert found() == {"entries"}


def test_the_night_believes_checkpoints_for_a_week(verified: Book) -> None:
    program, now = verified.program.pk, timezone.now()
    assert not is_full_due(program_id=program, at=now)
    assert is_full_due(program_id=program, at=now + timedelta(days=7))
    tamper("ledger_entry", LESS, [entry(3)])

    assert reconcile(program_id=program, at=now).results.get(name="ledger.books").state == RunState.CLEAN
    run = reconcile(program_id=program, at=now + timedelta(days=7))

    assert run.results.get(name="ledger.books").found == 5  # both wallets, and the transaction


@pytest.mark.parametrize(
    "arguments", [("--since", "yesterday"), ("--since", "2026-01-01T00:00"), ("--since", "2026-13-01")]
)
def test_a_time_that_is_none_is_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("ledger_verify", *arguments, stdout=StringIO())
    assert refusal.value.returncode == 2


def test_one_account_alone_moves_no_other_s_checkpoint(verified: Book) -> None:
    verified.post("TRANSFER", (AL, BO, "1"))

    assert verify("--program", "acme", "--account", AL)[0] == 0

    entries: dict[str, Any] = dict(Checkpoint.objects.values_list("account__code", "entries"))
    assert (entries[AL], entries[BO]) == (12, 10)
