"""Lines of files that people bring: read one by one, each with the number it has in the file."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from ledger.errors import UnreadableFile
from ledger.interchange.verdicts import Judgement

LONGEST_FIELD: Final = 500

AFFILIATE_COLUMNS: Final = ("reference", "name", "code", "wallet_address", "parent_code", "tier")
AFFILIATE_REQUIRED: Final = ("reference", "name")
SETTLEMENT_COLUMNS: Final = ("reference", "member", "asset", "amount", "chain_id", "tx_hash")
SETTLEMENT_REQUIRED: Final = SETTLEMENT_COLUMNS


class Line(NamedTuple):
    """A line of the file, its fields by column; ``fault`` says why it can't be read."""

    number: int
    fields: Mapping[str, str]
    fault: str = ""


class Verdict(NamedTuple):
    """What became of a line."""

    line: int
    reference: str
    verdict: Judgement
    code: str = ""
    message: str = ""
    subject: str = ""  # the id of what it is about


def read_lines(content: bytes, *, known: Sequence[str], required: Sequence[str]) -> Iterator[Line]:
    """Read a CSV file in UTF-8 with a line of headings; columns may come in any order.

    :raises UnreadableFile: if it is empty, is no such text, or its headings are others.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableFile(reason="it is not written in UTF-8") from None
    if "\0" in text:
        raise UnreadableFile(reason="it holds null characters, so it is no text")
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    headings = [name.strip().lower() for name in _next(rows)]
    if not headings:
        raise UnreadableFile(reason="it is empty")
    unknown = [name for name in headings if name not in known]
    missing = [name for name in required if name not in headings]
    if unknown or missing or len(set(headings)) != len(headings):
        wanted = ", ".join(known)
        raise UnreadableFile(reason=f"its first line names columns, each once, of {wanted}; {', '.join(required)} too")
    return _lines(rows, headings)


def _next(rows: Iterator[list[str]]) -> list[str]:
    try:
        return next(rows, [])
    except csv.Error as broken:
        raise UnreadableFile(reason=f"its first line is no CSV: {broken}") from None


def _lines(rows: Iterator[list[str]], headings: Sequence[str]) -> Iterator[Line]:
    number = 1
    while True:
        number += 1
        try:
            row = next(rows, None)
        except csv.Error as broken:
            # Where a quote is open, everything behind it belongs to one field: there is no next line to go on with.
            yield Line(number, {}, f"it is no CSV: {broken}")
            return
        if row is None:
            return
        if not any(field.strip() for field in row):
            continue
        if len(row) != len(headings):
            yield Line(number, {}, f"it has {len(row)} fields, and the first line {len(headings)}")
            continue
        fields = {name: field.strip() for name, field in zip(headings, row, strict=True)}
        long = [name for name, field in fields.items() if len(field) > LONGEST_FIELD]
        yield Line(number, fields, f"{long[0]} is longer than {LONGEST_FIELD} characters" if long else "")
