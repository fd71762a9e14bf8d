"""Books leave the house in two formats, all of one moment, and come into an empty program as they were."""

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from audit.models import Entry as JournalEntry
from audit.spreadsheets import guarded, unguarded
from identity.models import Program
from ledger.models import Transaction
from ledger.operations import reverse
from ledger.queries import exporting
from tests.factories import ProgramFactory
from tests.ledger.books import Book
from tests.ledger.test_verify import verify

AL, BO, CLEARING, REVENUE = "wallet:al", "wallet:bo", "rail:mpesa:clearing", "program:acme:revenue"
FLOAT = "rail:mpesa:float"

pytestmark = pytest.mark.django_db(transaction=True)


def export(*arguments: Any) -> str:
    said = StringIO()
    call_command("ledger_export", "--program", "acme", *map(str, arguments), stdout=said)
    return said.getvalue()


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text, newline="")))


def imported(file: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    said = StringIO()
    try:
        call_command("ledger_import", str(file), "--reason", "a test", "--json", *arguments, stdout=said)
    except SystemExit as end:
        return int(end.code or 0), json.loads(said.getvalue())
    return 0, json.loads(said.getvalue())


@pytest.fixture
def busy(book: Book) -> Book:
    book.post("TOPUP", (CLEARING, AL, "100"), memo="=1+1", metadata={"note": "ünïcode 🎉", "n": [1, "2"]})
    book.post("TRANSFER", (AL, BO, "2.5"), key="'@odd\nkey", memo='"quoted", twice')
    back = book.post("SPEND", (BO, REVENUE, "1.0001"))
    reverse(back.id, program_id=book.program.pk, key="back", memo="wrong")
    book.post("RAIL_SETTLED", (FLOAT, CLEARING, "100"))
    # A charge-back takes more than the wallet has; what is paid in then repays it.
    book.post("CHARGEBACK", (AL, FLOAT, "100"))
    book.post("TOPUP", (CLEARING, AL, "10"))
    book.post("BONUS", ("system:treasury", AL, "7", "GC"))
    return book


def state_of(book: Book, program: Program) -> dict[tuple[str, str], Any]:
    return Book(program, accounts={
        named: Book(program).account(*named) for named in book.accounts
    }).standing()  # fmt: skip


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_what_leaves_comes_into_an_empty_program_as_it_was(busy: Book, tmp_path: Path, form: str) -> None:
    file = tmp_path / f"books.{form}"
    export("--out", file)
    other = ProgramFactory(slug="beta", name="Beta")

    code, said = imported(file, "--program", "beta", "--open-accounts")

    assert (code, said["accepted"]) == (0, 8), (tmp_path / f"{file.name}.verdicts.csv").read_text()
    assert state_of(busy, other) == busy.standing()
    assert verify()[0] == 0
    again = Transaction.objects.get(program_id=other.pk, key="'@odd\nkey")
    first = Transaction.objects.get(program_id=busy.program.pk, key="'@odd\nkey")
    assert (again.memo, again.metadata, again.counts_at) == (first.memo, first.metadata, first.counts_at)
    assert Transaction.objects.get(program_id=other.pk, key="back").reverses.program_id == other.pk  # type: ignore[union-attr]
    # And the copy's export says the same, but for when and by whom it was booked.
    there = tmp_path / f"there.{form}"
    call_command("ledger_export", "--program", "beta", "--out", str(there), stdout=StringIO())
    assert imported(there, "--program", "acme")[1]["duplicate"] == 8


def test_a_programs_own_export_holds_nothing_new(busy: Book, tmp_path: Path) -> None:
    export("--out", tmp_path / "books.csv")

    code, said = imported(tmp_path / "books.csv", "--program", "acme")

    assert (code, said["duplicate"], said["accepted"]) == (0, 8, 0)


def test_csv_has_a_row_for_each_entry_and_runs_no_formula(busy: Book) -> None:
    found = rows(export())

    assert next(iter(found[0])) == "ledger.1"
    assert found[0]["memo"] == "'=1+1"
    assert found[1]["key"] == "''@odd\nkey"
    chargeback = [row for row in found if row["kind"] == "CHARGEBACK"]
    assert [(row["ledger.1"], row["entries"], row["debit"], row["amount"]) for row in chargeback] == [
        ("1", "2", AL, "97.5"), ("2", "2", "wallet:al:owed", "2.5")
    ]  # fmt: skip
    assert [row["reverses_key"] for row in found if row["key"] == "back"] == ["key-2"]


def test_it_is_narrowed_by_account_and_time_and_journalled(busy: Book) -> None:
    second = Transaction.objects.order_by("id")[1]

    lines = export("--format", "jsonl", "--account", BO).splitlines()
    behind = rows(export("--after", second.booked_at.isoformat()))
    up_to = rows(export("--until", second.booked_at.isoformat()))

    assert [json.loads(line)["kind"] for line in lines[1:]] == ["TRANSFER", "SPEND", "REVERSAL"]
    assert len(json.loads(lines[1])["entries"]) == 1
    assert (json.loads(lines[0])["version"], json.loads(lines[0])["account"]) == (1, BO)
    assert (len({row["key"] for row in behind}), len(up_to)) == (6, 2)
    noted = JournalEntry.objects.filter(action="identity.data.exported").earliest("id")
    assert noted.payload["count"] == 3
    assert noted.payload["narrowed_by"]["account"] == BO


def test_pages_are_of_one_moment_and_tell_each_transaction_once(busy: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, of_one = export(), export("--account", AL)
    monkeypatch.setattr(exporting, "ENTRIES_AT_ONCE", 1)

    assert export() == whole
    assert export("--account", AL) == of_one
    first, second = Transaction.objects.order_by("id")[:2]
    asked = exporting.Selection(busy.program.pk, first.booked_at, second.booked_at)
    pages = exporting.selected(asked)
    next(pages)
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        assert cursor.fetchone() == ("repeatable read",)
    pages.close()


def test_a_file_is_there_whole_or_not_at_all(busy: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "books.csv"
    file.write_text("what was there")

    def breaks(*_: Any) -> Any:
        raise OSError("the disk is full")

    monkeypatch.setattr(exporting, "_transaction", breaks)
    with pytest.raises(CommandError, match="disk is full") as refused:
        export("--out", file)

    assert refused.value.returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == ["books.csv"]
    assert file.read_text() == "what was there"


def test_what_does_not_exist_is_refused(book: Book) -> None:
    for arguments in (["--account", "wallet:nobody"], ["--out", "/nowhere/at/all.csv"]):
        with pytest.raises(CommandError) as refused:
            export(*arguments)
        assert refused.value.returncode == 2
    assert not JournalEntry.objects.filter(action="identity.data.exported").exists()


@given(st.text(alphabet=st.sampled_from("'=+-@\t\r\nab"), max_size=6))
def test_what_is_guarded_comes_back(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))
