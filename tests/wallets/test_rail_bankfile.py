"""Files to banks and from them: written so that nothing runs in a spreadsheet, and read whole or not at all."""

import csv
import hashlib
import io
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wallets.mpesa import KES
from wallets.errors import BadBankFile, BadPayee
from wallets.rails.bankfile import BANKFILE, lines
from wallets.rails.bankfile.instructions import Instruction, read_instructions, write_instructions
from wallets.rails.bankfile.payer import BY_FILE, instruction_of
from wallets.rails.bankfile.results import Result, Results, read_results, require_match, write_results
from wallets.rails.sending import Desk, Order, Paid, Refused, Survey, Unclear

NAME, ACCOUNT = "B12-1", "ACME-KES-1"
ONE = ("P0000001ABCD", "PAID", "FT1", "500.00", "")
TWO = ("P0000002ABCD", "FAILED", "", "1000.50", "No such account")
DESK: Any = Desk(account_id=None, number=ACCOUNT, secrets={})  # type: ignore[arg-type]
AMOUNTS = {"P0000001ABCD": Decimal("500"), "P0000002ABCD": Decimal("1000.5")}


def order(**more: Any) -> Order:
    given = {
        "reference": "P0000001ABCD", "unit": KES, "destination": "01100:0012345678", "holder": "Jane Doe",
        "amount": Decimal("500"), "note": "Payout B12", **more,
    }  # fmt: skip
    return Order(**given)


def line_of(**more: Any) -> Instruction:
    asked = order(**more)
    return instruction_of(asked.reference, BY_FILE.write(DESK, asked, Survey(), number=None))


def results(*rows: tuple[str, str, str, str, str]) -> bytes:
    return write_results(NAME, ACCOUNT, "KES", list(rows) or [ONE, TWO])


def resealed(content: bytes, *, count: str = "", total: str = "") -> bytes:
    """Return a file whose first line agrees with whatever stands behind it, but for what is said otherwise."""
    head, _, rest = content.decode().partition("\r\n")
    cells = next(csv.reader([head]))
    rows = list(csv.reader(io.StringIO(rest, newline="")))
    cells[3], cells[5] = count or str(len(rows)), lines.digest_of(rows)
    cells[4] = total or cells[4]
    return ",".join(cells).encode() + b"\r\n" + rest.encode()


def test_a_file_to_a_bank_to_the_letter() -> None:
    content = write_instructions(
        NAME, ACCOUNT, "KES", [line_of(), line_of(reference="P0000002ABCD", amount=Decimal("1000.5"), holder="Ann, X")]
    )

    body = (
        "P0000001ABCD,01100,0012345678,Jane Doe,500.00,Payout B12\r\n"
        'P0000002ABCD,01100,0012345678,"Ann, X",1000.50,Payout B12\r\n'
    )
    digest = hashlib.sha256(body.encode()).hexdigest()
    assert content.decode() == f"B12-1,ACME-KES-1,KES,2,1500.50,{digest}\r\n{body}"
    read = read_instructions(content)
    assert (read.name, read.account, read.asset, read.total) == (NAME, ACCOUNT, "KES", Decimal("1500.5"))
    assert [one.account for one in read.each] == ["0012345678", "0012345678"]


@pytest.mark.parametrize("holder", ["=HYPERLINK(1)", "+1", "-1", "@x", "'=1", "\t=1", "x\r\n=1", "\x07=1"])
def test_nothing_runs_in_a_spreadsheet(holder: str) -> None:
    content = write_instructions(NAME, "-7", "KES", [line_of(holder=holder, note=holder)])

    cells = [cell for row in csv.reader(io.StringIO(content.decode(), newline="")) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
    [read] = read_instructions(content).each
    assert read.holder == " ".join("".join(c if c.isprintable() else " " for c in holder).split())


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=120), st.decimals("0.01", "999999999.99", places=2)), max_size=8))
def test_what_is_written_is_read_again(each: list[tuple[str, Decimal]]) -> None:
    written = [
        line_of(reference=f"P{number}", holder=holder, amount=amount)
        for number, (holder, amount) in enumerate(each)
    ]  # fmt: skip

    read = read_instructions(write_instructions(NAME, ACCOUNT, "KES", written))

    assert list(read.each) == written


def test_results_are_read() -> None:
    read = read_results(results())

    assert (read.name, read.account, read.asset) == (NAME, ACCOUNT, "KES")
    require_match(read, account=ACCOUNT, asset="KES", amounts=AMOUNTS)
    paid, failed = (one.outcome("B12-1") for one in read.each)
    assert isinstance(paid, Paid)
    assert isinstance(failed, Refused)
    assert (paid.receipt, paid.amount, paid.evidence) == (
        "FT1", Decimal("500.00"), {"file": "B12-1", "line": 2, "reason": ""},
    )  # fmt: skip
    assert failed.reason == "The bank says that it failed: No such account"


def test_how_a_file_is_quoted_and_ended_makes_no_difference() -> None:
    rows = list(csv.reader(io.StringIO(results().decode(), newline="")))
    other = io.StringIO()
    csv.writer(other, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)

    assert read_results(b"\xef\xbb\xbf" + other.getvalue().encode() + b"\n\n") == read_results(results())


def test_a_line_that_stands_twice_is_one() -> None:
    read = read_results(results(ONE, ONE, TWO))

    assert [(one.reference[-5], one.is_repeated) for one in read.each] == [("1", False), ("1", True), ("2", False)]


HEAD = results().partition(b"\r\n")[0]
HOSTILE = {
    "it is empty": b"",
    "it is empty:": b"\r\n\n\r\n",
    "longer than": b"x" * 1_000_001,
    "null characters": results().replace(b"FT1", b"F\0"),
    "not written in UTF-8": results().replace(b"FT1", b"F\xff1"),
    "null characters:": results().decode().encode("utf-16"),
    "no CSV": results().replace(b",FT1", b',"FT1'),
    "a cell that is too long": resealed(results((*ONE[:4], "x" * 202))),
    "that nobody can read": resealed(results((*ONE[:4], "x\x1b[31m"))),
    "first line does not say": b"reference,verdict\r\n",
    "first line does not say:": results().replace(b",2,", b",two,", 1),
    "cells, and not 5": resealed(results() + b"P0000003ABCD,PAID\r\n"),
    "its first line says 3": resealed(results(), count="3"),
    "its first line says 1500": resealed(results().replace(b"500.00", b"500.01")),
    "its checksum": results().replace(b"FT1", b"FT2"),
    "its checksum:": HEAD + b"\r\n" + results(TWO, ONE).partition(b"\r\n")[2],
    "it has 1 lines": b"\r\n".join(results().split(b"\r\n")[:2]),
    "more than 5,000 lines": b"x\r\n" * 5_002,
    "no line behind": results()[:0] + write_results(NAME, ACCOUNT, "KES", []),
    "contradict each other": results(ONE, (*ONE[:2], "FT2", *ONE[3:])),
    "contradict each other:": results(ONE, (ONE[0], "FAILED", "", "500.00", "")),
    "contradict each other::": results(ONE, (*ONE[:3], "501.00", "")),
    "that of another line": results(ONE, ("P0000002ABCD", *ONE[1:])),
    "no reference of ours": results(("=1", *ONE[1:])),
    "neither PAID nor FAILED": results((ONE[0], "paid", *ONE[2:])),
    "neither PAID nor FAILED:": results((ONE[0], "", *ONE[2:])),
    "the receipt on line 2": results((*ONE[:2], "", *ONE[3:])),
    "the receipt on line 2:": results((*ONE[:2], "=1+1", *ONE[3:])),
    "a receipt for what was not paid": results((ONE[0], "FAILED", *ONE[2:])),
    "the amount on line 2": resealed(results().replace(b"500.00", b"5e2")),
    "the amount on line 2:": resealed(results().replace(b"500.00", b"-500")),
    "the amount on line 2::": resealed(results().replace(b"500.00", b"NaN")),
    "the amount on line 2:::": resealed(results().replace(b"500.00", "\u0665\u0660\u0660".encode())),
    "the amount on line 2::::": resealed(results().replace(b"500.00", b"9" * 41)),
}


@pytest.mark.parametrize(("says", "content"), HOSTILE.items(), ids=[says.replace(" ", "_") for says in HOSTILE])
def test_a_file_that_does_not_hold_together_is_refused_whole(says: str, content: bytes) -> None:
    with pytest.raises(BadBankFile) as refusal:
        read_results(content)

    assert says.rstrip(":") in str(refusal.value)


@pytest.mark.parametrize(
    ("says", "match"),
    [
        ("which was not in the file", {"amounts": {"P0000001ABCD": Decimal(500)}}),
        ("and 1000 was sent", {"amounts": {**AMOUNTS, "P0000002ABCD": Decimal(1000)}}),
        ("not USD from ACME-KES-1", {"asset": "USD"}),
        ("not KES from ACME-KES-2", {"account": "ACME-KES-2"}),
    ],
)
def test_a_file_about_something_else_is_refused_whole(says: str, match: dict[str, Any]) -> None:
    with pytest.raises(BadBankFile) as refusal:
        require_match(read_results(results()), **{"account": ACCOUNT, "asset": "KES", "amounts": AMOUNTS, **match})

    assert says in str(refusal.value)


@settings(max_examples=400, deadline=None)
@given(st.one_of(
    st.binary(max_size=400),
    st.text(max_size=400).map(str.encode),
    st.tuples(st.integers(0, len(results())), st.binary(max_size=6)).map(
        lambda cut: results()[: cut[0]] + cut[1] + results()[cut[0] + len(cut[1]) :]
    ),
    st.lists(st.tuples(*(st.text(max_size=12) for _ in range(5))), min_size=1, max_size=5).map(
        lambda rows: lines.written(NAME, ACCOUNT, "KES", rows, total="0")
    ),
    st.lists(
        st.tuples(st.sampled_from(["P1", "P2"]), st.sampled_from(["PAID", "FAILED"]), st.sampled_from(["", "R", "S"]),
                  st.sampled_from(["1", "2.5", "01"]), st.text(max_size=9)), min_size=1, max_size=4,
    ).map(lambda rows: write_results(NAME, ACCOUNT, "KES", rows)),
))  # fmt: skip
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for read in (read_results, read_instructions):
        try:
            found: Any = read(content)
        except BadBankFile:
            continue
        assert isinstance(found, Results) is (read is read_results)
        assert found.each or read is read_instructions


def test_nothing_is_called() -> None:
    assert BANKFILE.payer is BY_FILE
    assert isinstance(BY_FILE.submit(DESK, order(), {}), Refused)
    assert isinstance(BY_FILE.query(DESK, order(), {}), Unclear)
    assert (BANKFILE.carries("1", None), BANKFILE.carries("1", 8453)) == (True, False)
    assert BY_FILE.checked(" dtke kena : 0012345678") == "DTKEKENA:0012345678"
    with pytest.raises(BadPayee):
        BY_FILE.checked("254712000001")
    survey = BY_FILE.survey(DESK, [order(), order(reference="P2", destination="254712000001")])
    assert {reference: no.code for reference, no in survey.refused.items()} == {"P2": "no_account"}
    failed = Result(2, "P1", "FAILED", "", Decimal(1), "").outcome("x")
    assert isinstance(failed, Refused)
    assert failed.reason == "The bank says that it failed."
