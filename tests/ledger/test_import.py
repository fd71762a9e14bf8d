"""A file is booked once, whatever is wrong with it and however often the import is killed and started again."""

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from audit.models import Entry as JournalEntry
from ledger.interchange.verdicts import VerdictFile
from ledger.models import Account, Entry, Transaction
from tests.ledger.books import Book
from tests.ledger.test_export import imported
from tests.ledger.test_verify import verify

AL, BO, CLEARING, CAPITAL = "wallet:al", "wallet:bo", "rail:mpesa:clearing", "program:acme:capital"
HEAD = "ledger.1,entries,key,kind,debit,credit,asset,amount,memo,effective_at,metadata,reverses_key\n"
JSON_HEAD = json.dumps({"format": "countinghouse.ledger", "version": 1}) + "\n"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def opened(book: Book) -> Book:
    for code in (AL, BO, CLEARING, CAPITAL):
        book.account(code)
    return book


def line(key: str, *, kind: str = "OPENING", amount: str = "1", **other: Any) -> str:
    """One transaction of one entry, as a line of JSON."""
    entry = {"debit": CLEARING, "credit": AL, "asset": "KES", "amount": amount}
    entry |= {side: other.pop(side) for side in list(other) if side in entry}
    return json.dumps({"key": key, "kind": kind, "entries": [entry], **other}) + "\n"


def run(folder: Path, content: str | bytes, *arguments: str, name: str = "in.jsonl") -> tuple[int, dict[str, Any]]:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return imported(file, "--program", "acme", *arguments)


def verdicts(folder: Path, name: str = "in.jsonl.verdicts.csv") -> list[tuple[str, str, str]]:
    with (folder / name).open(newline="") as file:
        return [(row["line"], row["verdict"], row["code"]) for row in csv.DictReader(file)]


def test_each_transaction_gets_its_verdict(opened: Book, tmp_path: Path) -> None:
    content = JSON_HEAD + line("one") + line("two", amount="2") + line("one") + line("one", amount="9")

    code, said = run(tmp_path, content + line("poor", kind="TRANSFER", debit=BO, credit=AL, amount="5"))

    assert code == 1
    assert verdicts(tmp_path) == [
        ("2", "accepted", ""), ("3", "accepted", ""), ("4", "duplicate", ""), ("5", "conflict", "posting_key_conflict"),
        ("6", "rejected", "insufficient_funds"),
    ]  # fmt: skip
    assert opened.balance(AL) == 3
    booked = Transaction.objects.get(key="one")
    assert (booked.actor_type, booked.actor_id) == ("command", "ledger_import")
    assert booked.correlation_id == said["correlation_id"]
    began, ended = JournalEntry.objects.filter(action__startswith="ledger.import.").order_by("id")
    assert (began.action, began.payload["sha256"]) == ("ledger.import.began", said["sha256"])
    assert (ended.action, ended.payload["accepted"], ended.payload["reason"]) == ("ledger.import.ended", 2, "a test")
    # Once more: everything that is booked was there, and the same is wrong.
    assert run(tmp_path, content)[1]["accepted"] == 0
    assert opened.balance(AL) == 3


def test_a_check_books_nothing_and_says_the_same(opened: Book, tmp_path: Path) -> None:
    content = JSON_HEAD + "".join([
        line("one", amount="5"), line("one", amount="5"), line("one", amount="6"),
        line("bo", credit=BO, amount="10"), line("spend", kind="TRANSFER", debit=AL, credit=BO, amount="4"),
        line("poor", kind="TRANSFER", debit=AL, credit=BO, amount="4"),
        line("new", credit="wallet:new"), line("fine", amount="0.00001"), line("none", credit="nothing:at:all"),
        line("back", kind="REVERSAL", debit=BO, credit=AL, amount="4", reverses_key="spend"),
        line("back again", kind="REVERSAL", debit=BO, credit=AL, amount="4", reverses_key="spend"),
        line("no mirror", kind="REVERSAL", debit=CLEARING, credit=AL, amount="4", reverses_key="one"),
        line("illegal", kind="TOPUP", debit=AL, credit=CLEARING), line("kind", kind="NO_SUCH"),
        line("closed", effective_at="1999-01-01T00:00:00Z"),
    ])  # fmt: skip

    before = Transaction.objects.count(), Account.objects.count(), JournalEntry.objects.count()
    checked = run(tmp_path, content, "--check", "--open-accounts")
    after = Transaction.objects.count(), Account.objects.count(), JournalEntry.objects.count()
    really = run(tmp_path, content, "--open-accounts")

    assert before == after
    assert verdicts(tmp_path, "in.jsonl.check.csv") == verdicts(tmp_path)
    assert [one[2] for one in verdicts(tmp_path)] == [
        "", "", "posting_key_conflict", "", "", "insufficient_funds", "", "amount_too_fine", "bad_account_code", "",
        "already_reversed", "no_mirror", "illegal_posting", "unknown_posting_kind", "",
    ]  # fmt: skip
    assert (checked[0], really[0]) == (1, 1)
    assert checked[1]["check"] is True
    assert verify()[0] == 0


CSV_ROWS = {
    "apart": ("1,2,k,OPENING,{d},{c},KES,1\n1,1,x,OPENING,{d},{c},KES,1\n2,2,k,OPENING,{d},{c},KES,1\n",
              ["entries_apart", "", "entries_apart"]),
    "cut off": ("1,1,x,OPENING,{d},{c},KES,1\n1,3,k,OPENING,{d},{c},KES,1\n2,3,k,OPENING,{d},{c},KES,1\n",
                ["", "entries_apart"]),
    "not counted": ("1,,x,OPENING,{d},{c},KES,1\n", ["entries_apart"]),
    "another memo": ("1,2,k,OPENING,{d},{c},KES,1,one\n2,2,k,OPENING,{d},{c},KES,1,two\n", ["bad_import_line"]),
    "twins": ("1,1,k,OPENING,{d},{c},KES,1\n1,1,k,OPENING,{d},{c},KES,1\n1,1,k,OPENING,{d},{c},KES,2\n",
              ["", "", "posting_key_conflict"]),
    "cells": ("1,1,k,OPENING,{d},{c},KES,1,,,,,,,\n1,1,x,OPENING,{d},{c}\n", ["bad_import_line", "bad_import_line"]),
    "too many": ("1,10001,k,OPENING,{d},{c},KES,1\n2,10001,k,OPENING,{d},{c},KES,1\n", ["too_many_entries"]),
    "no end of quotes": ('1,1,x,OPENING,{d},{c},KES,1\n1,1,"k,OPENING,{d},{c},KES,1\n1,1,y,OPENING,{d},{c},KES,1\n',
                         ["", "bad_import_line"]),
    "metadata": ("1,1,k,OPENING,{d},{c},KES,1,,,{{broken\n", ["bad_import_line"]),
}  # fmt: skip


@pytest.mark.parametrize("what", CSV_ROWS)
def test_rows_that_are_not_whole_book_nothing(opened: Book, tmp_path: Path, what: str) -> None:
    columns = HEAD.count(",")
    text, expected = CSV_ROWS[what]
    padded = "".join(
        one + "," * (columns - one.count(",")) + "\n" if what != "cells" else one + "\n"
        for one in text.format(d=CLEARING, c=AL).splitlines()
    )

    code, _ = run(tmp_path, HEAD + padded, name="in.csv")

    assert [one[2] for one in verdicts(tmp_path, "in.csv.verdicts.csv")] == expected
    assert code == 1
    assert Entry.objects.count() == sum(1 for one in expected if not one) - (what == "twins")


JSON_LINES = {
    "broken": (b'{"key": "k", \n', "bad_import_line"),
    "no object": (b"[1]\n", "bad_import_line"),
    "not UTF-8": (b'{"key": "\xff"}\n', "bad_import_line"),
    "NUL": (line("a\0b").encode(), "bad_posting_text"),
    "half a character": (line("a\ud800").encode(), "bad_posting_text"),
    "a NUL in metadata": (line("k", metadata={"a": "\0"}).encode(), "bad_posting_text"),
    "NUL in an account": (line("k", debit="wallet:\0").encode(), "bad_posting_text"),
    "deep": (b'{"key": ' + b"[" * 100_000 + b"\n", "bad_import_line"),
    "a huge number": (b'{"key": ' + b"9" * 5_000 + b"}\n", "bad_import_line"),
    "a constant": (b'{"key": NaN}\n', "bad_import_line"),
    "twice": (b'{"key": "a", "key": "b"}\n', "bad_import_line"),
    "unknown field": (line("k", ammount="1").encode(), "bad_import_line"),
    "a number": (line("k", amount=1).encode(), "bad_import_line"),  # type: ignore[arg-type]
    "reserved": (line("House:journal:1").encode(), "reserved_posting_key"),
    "reserved for payouts": (line("payout:1").encode(), "reserved_posting_key"),
    "no key": (line("").encode(), "posting_too_long"),
    "long key": (line("k" * 256).encode(), "posting_too_long"),
    "no entries": (b'{"key": "k", "kind": "OPENING", "entries": []}\n', "too_many_entries"),
    "no zone": (line("k", effective_at="2026-01-01T00:00:00").encode(), "bad_import_line"),
    "long ago": (line("k", effective_at="0001-01-01T00:00:00+14:00").encode(), "bad_import_line"),
    "no such day": (line("k", effective_at="2026-02-30T00:00:00Z").encode(), "bad_import_line"),
    "an asset": (line("k", asset="XXX").encode(), "unknown_account"),
    "an account": (line("k", credit="wallet:nobody").encode(), "unknown_account"),
    "nothing to take back": (line("k", kind="REVERSAL", reverses_key="gone").encode(), "unknown_transaction"),
    "a reversal of nothing": (line("k", kind="REVERSAL").encode(), "no_mirror"),
    "itself": (line("k", credit=CLEARING).encode(), "same_account"),
    **{
        f"amount {text[:20]!r}": (line("k", amount=text).encode(), "bad_amount")
        for text in ("1e999999999", "1e-999999999", "NaN", "Infinity", "-1", "+1", "0", "", "1,000", "=1", "9" * 21,
                     "0x1", "\u0661", "1e5")
    },
}  # fmt: skip


@pytest.mark.parametrize("what", JSON_LINES)
def test_what_is_wrong_with_a_line_spares_the_others(opened: Book, tmp_path: Path, what: str) -> None:
    content, code = JSON_LINES[what]

    exit_code, said = run(tmp_path, JSON_HEAD.encode() + line("before").encode() + content + line("after").encode())

    assert [one[1:] for one in verdicts(tmp_path)] == [("accepted", ""), ("rejected", code), ("accepted", "")]
    assert (exit_code, said["rejected"]) == (1, 1)
    assert opened.balance(AL) == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("in.csv", b""),
        ("in.csv", b"\xef\xbb\xbf"),
        ("in.csv", b"1,1,k,OPENING,a,b,KES,1\n"),
        ("in.csv", HEAD.replace("ledger.1", "ledger.2").encode()),
        ("in.csv", HEAD.strip().encode() + b",surprise\n"),
        ("in.csv", HEAD.strip().encode() + b",memo\n"),
        ("in.csv", HEAD.replace(",amount", "").encode()),
        ("in.csv", HEAD.encode("utf-16")),
        ("in.csv", b'"' + b"x" * 300_000),
        ("in.csv", b"\0" * 100),
        ("in.jsonl", b""),
        ("in.jsonl", line("k").encode()),
        ("in.jsonl", b'{"format": "countinghouse.ledger", "version": 2}\n'),
        ("in.jsonl", b"x" * 9_000_000),
    ],
)
def test_a_file_that_is_none_of_ours_is_refused_whole(book: Book, tmp_path: Path, name: str, content: bytes) -> None:
    with pytest.raises(CommandError) as refused:
        run(tmp_path, content, name=name)

    assert refused.value.returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert not JournalEntry.objects.filter(action__startswith="ledger.import").exists()


def test_a_byte_order_mark_and_an_empty_list_are_fine(opened: Book, tmp_path: Path) -> None:
    assert run(tmp_path, b"\xef\xbb\xbf" + HEAD.encode(), name="in.csv")[0] == 0
    assert run(tmp_path, b"\xef\xbb\xbf" + (JSON_HEAD + line("k")).encode())[1]["accepted"] == 1


def test_a_line_without_end_costs_no_memory(opened: Book, tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    with file.open("wb") as out:
        out.write((JSON_HEAD + line("before")).encode())
        out.seek(200 * 1024 * 1024, os.SEEK_CUR)  # a hole: the disk keeps nothing of it
        out.write(b"\n" + line("after").encode())
    tracemalloc.start()
    _, said = imported(file, "--program", "acme")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert (said["accepted"], said["rejected"]) == (2, 1)
    assert peak < 60 * 1024 * 1024


def test_reserved_keys_come_in_behind_a_prefix(opened: Book, tmp_path: Path) -> None:
    back = line("back", kind="REVERSAL", debit=AL, credit=CLEARING, reverses_key="house:journal:1")

    code, _ = run(tmp_path, JSON_HEAD + line("house:journal:1") + back, "--key-prefix", "old:")

    assert code == 0
    assert Transaction.objects.get(key="old:back").reverses == Transaction.objects.get(key="old:house:journal:1")
    assert run(tmp_path, JSON_HEAD + line("journal:1"), "--key-prefix", "house:")[1]["rejected"] == 1


def test_what_could_not_run_says_so(book: Book, tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text(HEAD)
    wrong = [("--program", "nobody", "--reason", "x"), ("--program", "acme"), ("--program", "acme", "--reason", " ")]
    for arguments in wrong:
        with pytest.raises(CommandError) as refused:
            call_command("ledger_import", str(file), *arguments, stdout=StringIO())
        assert refused.value.returncode == 2
    with pytest.raises(CommandError):
        imported(tmp_path / "not there.csv", "--program", "acme")


# Killed, and started again


def _start(file: Path) -> "subprocess.Popen[bytes]":
    database = connection.settings_dict
    url = (f"postgresql://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}"
           f"/{database['NAME']}")  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "manage.py", "ledger_import", str(file), "--program", "acme", "--reason", "killed", "--json"],
        cwd=settings.BASE_DIR, env={**os.environ, "ENVIRONMENT": "test", "DATABASE_URL": url},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


COUNT = 6_000


def test_killed_again_and_again_everything_is_booked_once(opened: Book, tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    lines = [line(f"k{number}", amount="2") for number in range(COUNT)]
    lines[COUNT // 2] = line("poor", kind="TRANSFER", debit=BO, credit=AL, amount="999")
    file.write_text(JSON_HEAD + "".join(lines))
    part = tmp_path / "in.jsonl.verdicts.csv.part"

    kills = 0
    for goal in (1, 40_000, 120_000):
        process = _start(file)
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if part.exists() and part.stat().st_size > goal:
                process.send_signal(signal.SIGKILL)
                kills += process.wait() == -signal.SIGKILL
        process.communicate()
        assert not (tmp_path / "in.jsonl.verdicts.csv").exists()
    with part.open("ab") as torn:  # half a line, as a power cut leaves one
        torn.write(b"99999,k,acc")
    process = _start(file)
    said, complaints = process.communicate(timeout=120)

    assert kills == 3
    assert process.returncode == 1, complaints
    assert json.loads(said)["resumed"] is True
    assert json.loads(said)["accepted"] == COUNT - 1
    assert opened.balance(AL) == Decimal(2 * (COUNT - 1))
    assert Transaction.objects.count() == COUNT - 1
    found = verdicts(tmp_path)
    assert [int(one[0]) for one in found] == list(range(2, COUNT + 2))
    assert {one[1] for one in found} == {"accepted", "rejected"}
    assert not part.exists()
    assert verify()[0] == 0


def test_verdicts_of_another_file_are_left_alone(opened: Book, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl.verdicts.csv.part").write_text(
        "line,key,verdict,code,message,transaction\n2,k,accepted,,,x\n"
    )

    with pytest.raises(CommandError, match="belongs to another import") as refused:
        run(tmp_path, JSON_HEAD + line("k"))

    assert refused.value.returncode == 2
    assert not Transaction.objects.exists()


def test_a_restored_database_gets_again_what_it_lost(opened: Book, tmp_path: Path) -> None:
    name = "in.jsonl.verdicts.csv"
    content = JSON_HEAD + line("lost") + line("lost too")
    (tmp_path / "in.jsonl").write_text(content)
    checkpoint = {"sha256": hashlib.sha256(content.encode()).hexdigest(), "program": "acme",
                  "key_prefix": "", "rehearsal": False, "import": "earlier-import"}  # fmt: skip
    (tmp_path / f"{name}.checkpoint").write_text(json.dumps(checkpoint))
    (tmp_path / f"{name}.part").write_text(
        "line,key,verdict,code,message,transaction\n2,lost,accepted,,,x\n3,lost too,accepted,,,y\n"
    )

    code, said = imported(tmp_path / "in.jsonl", "--program", "acme")

    assert (code, said["resumed"], said["accepted"]) == (0, True, 2)
    assert opened.balance(AL) == 2
    assert len(verdicts(tmp_path)) == 2


def test_what_was_booked_and_not_written_down_is_this_imports_own(
    opened: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: Any) -> None:
        raise OSError("the power fails")

    opened.post("OPENING", (CLEARING, AL, "1"), key="there before")
    content = JSON_HEAD + line("there before") + line("one") + line("one")
    with monkeypatch.context() as broken:
        broken.setattr(VerdictFile, "write", dies)
        with pytest.raises(CommandError, match="start it again") as ended:
            run(tmp_path, content)

    assert ended.value.returncode == 2
    assert opened.balance(AL) == 2
    said = run(tmp_path, content)[1]
    assert [one[1] for one in verdicts(tmp_path)] == ["duplicate", "accepted", "duplicate"]
    assert (said["resumed"], opened.balance(AL)) == (True, Decimal(2))
    actions = JournalEntry.objects.filter(action__startswith="ledger.import.").order_by("id")
    assert [one.action.rpartition(".")[2] for one in actions] == ["began", "resumed", "ended"]
    assert len({one.correlation_id for one in actions}) == 1
