"""The books are computed again, and what was tampered with is named, whoever switched the guards off."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from audit.operations import reconcile
from audit.states import RunState
from ledger.models import Entry
from tests.audit.sealing import seal_all, tamper, wait_until_sealable
from tests.audit.sealing import verify as audit_verify
from tests.ledger.books import Book

AL, BO, CLEARING, REVENUE = "wallet:al", "wallet:bo", "rail:mpesa:clearing", "program:acme:revenue"


def verify(*arguments: str) -> tuple[int, dict[str, Any]]:
    said = StringIO()
    try:
        call_command("ledger_verify", "--json", *arguments, stdout=said)
    except SystemExit as end:
        return int(end.code or 0), json.loads(said.getvalue())
    return 0, json.loads(said.getvalue())


@pytest.fixture
def busy(book: Book) -> Book:
    book.post("TOPUP", (CLEARING, AL, "100"))
    for _ in range(5):
        book.post("TRANSFER", (AL, BO, "2.5"))
        book.post("SPEND", (BO, REVENUE, "1"))
    return book


@pytest.mark.django_db
def test_books_that_agree(busy: Book) -> None:
    code, said = verify()

    assert (code, said["agree"], said["found"]) == (0, True, [])
    assert said["entries"] == Entry.objects.count() == 11


@pytest.mark.django_db
def test_one_account_can_be_asked_about(busy: Book) -> None:
    assert verify("--program", "acme", "--account", AL)[1]["accounts"] == 1
    with pytest.raises(CommandError):
        verify("--account", AL)
    with pytest.raises(CommandError):
        verify("--program", "acme", "--account", "wallet:nobody")
    with pytest.raises(CommandError):
        verify("--program", "nobody")


COLUMNS = (
    "transaction_id, debit_account_id, credit_account_id, amount, debit_balance, debit_version, credit_balance, "
    "credit_version, booked_at"
)
CREDITED = "(SELECT credit_account_id FROM ledger_entry WHERE id = %s)"
TAMPERED = [
    (
        "ledger_entry",
        "UPDATE ledger_entry SET amount = amount + 1 WHERE id = %s",
        {"running_balance", "balance", "entries"},
    ),
    ("ledger_entry", "DELETE FROM ledger_entry WHERE id = %s", {"version", "balance", "count", "no_entries"}),
    (
        "ledger_entry",
        "UPDATE ledger_entry SET credit_balance = credit_balance + 1 WHERE id = %s",
        {"running_balance", "entries"},
    ),
    (
        "ledger_entry",
        f"INSERT INTO ledger_entry ({COLUMNS}) SELECT {COLUMNS} FROM ledger_entry WHERE id = %s",
        {"version", "balance", "count", "entries"},
    ),
    (
        "ledger_balance",
        f"UPDATE ledger_balance SET amount = amount + 5 WHERE account_id = {CREDITED}",
        {"balance", "imbalance"},
    ),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("table", "statement", "found"), TAMPERED)
def test_what_was_tampered_with_is_named(table: str, statement: str, found: set[str], busy: Book) -> None:
    entry = Entry.objects.filter(credit_account=busy.account(BO)).order_by("id")[2]

    tamper(table, statement, [entry.pk])

    code, said = verify()
    assert code == 1
    assert {difference["what"] for difference in said["found"]} == found
    assert f"{BO} KES" in {difference["where"] for difference in said["found"]}


@pytest.mark.django_db(transaction=True)
def test_a_difference_becomes_a_finding(busy: Book) -> None:
    tamper(
        "ledger_balance", "UPDATE ledger_balance SET amount = amount + 5 WHERE account_id = %s", [busy.account(AL).pk]
    )

    run = reconcile(program_id=busy.program.pk, at=timezone.now())

    assert run.state == RunState.FINDINGS
    assert run.results.get(name="ledger.books").found == 2


@pytest.mark.django_db(transaction=True)
def test_whoever_changes_entry_balances_and_digest_alike_breaks_the_seal(busy: Book) -> None:
    wait_until_sealable()
    assert {seal.source for seal in seal_all()} >= {"ledger"}
    assert audit_verify()[0] == 0

    tamper("ledger_transaction", "UPDATE ledger_transaction SET entries_digest = decode(repeat('ab', 16), 'hex')")

    code, said = audit_verify()
    assert code == 1
    assert {found["source"] for found in said["found"]} == {"ledger"}
