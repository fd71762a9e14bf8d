"""The lines of both kinds of files: cells with commas between, and a first line that holds the others to account."""

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from audit.spreadsheets import guarded, unguarded
from ledger.money import ZERO, exactly
from wallets.errors import BadBankFile

BYTES_AT_MOST: Final = 1_000_000
LINES_AT_MOST: Final = 5_000
CELL_AT_MOST: Final = 200  # letters, and an apostrophe that guards them

_HEAD: Final = 6
_COUNT: Final = re.compile(r"[0-9]{1,5}")
_AMOUNT: Final = re.compile(r"[0-9]{1,20}(\.[0-9]{1,18})?")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")

Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Head:
    """What a file's first line says of it."""

    name: str
    account: str
    asset: str
    count: int
    total: Decimal
    digest: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line behind the first, with the number that it has in the file."""

    number: int
    cells: tuple[str, ...]


def digest_of(rows: Iterable[Row]) -> str:
    """Return the SHA-256 of lines as we would write them: how they are quoted and ended makes no difference."""
    return hashlib.sha256(_text(rows).encode()).hexdigest()


def written(name: str, account: str, asset: str, rows: Sequence[Row], *, total: str) -> bytes:
    """Return a file. What a spreadsheet would run is guarded."""
    safe = [[guarded(cell) for cell in row] for row in rows]
    head = [name, account, asset, str(len(safe)), total, digest_of(safe)]
    return _text([[guarded(cell) for cell in head], *safe]).encode()


def read(content: bytes, *, width: int, amount_in: int) -> tuple[Head, list[Line]]:
    """Return the head and the lines of a file of lines of ``width`` cells, if they agree with each other.

    :raises BadBankFile: if it is no such file, is cut off, or was changed.
    """
    head_cells, *rows = _rows(content)
    head = _head(head_cells)
    for number, row in enumerate(rows, start=2):
        if len(row) != width:
            raise BadBankFile(reason=f"line {number} has {len(row)} cells, and not {width}")
    if len(rows) != head.count:
        raise BadBankFile(reason=f"it has {len(rows)} lines, and its first line says {head.count}")
    if digest_of(rows) != head.digest:
        raise BadBankFile(reason="its lines are not those that its checksum is of")
    lines = [
        Line(number, tuple(unguarded(cell).strip() for cell in row)) for number, row in enumerate(rows, start=2)
    ]  # fmt: skip
    with exactly():
        total = sum((amount_of(line, amount_in) for line in lines), ZERO)
    if total != head.total:
        raise BadBankFile(reason=f"its lines come to {total:f}, and its first line says {head.total:f}")
    return head, lines


def amount_of(line: Line, place: int) -> Decimal:
    """Return the amount that stands in a cell.

    :raises BadBankFile: if none does.
    """
    if not _AMOUNT.fullmatch(line.cells[place]):
        raise BadBankFile(reason=f"the amount on line {line.number} is none: digits, with a point or without")
    return Decimal(line.cells[place])


def _text(rows: Iterable[Row]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def _rows(content: bytes) -> list[list[str]]:
    if len(content) > BYTES_AT_MOST:
        raise BadBankFile(reason=f"it is longer than {BYTES_AT_MOST:,} bytes")
    if b"\0" in content:
        raise BadBankFile(reason="it holds null characters, so it is no text")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadBankFile(reason="it is not written in UTF-8") from None
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), strict=True):
            if len(rows) > LINES_AT_MOST:
                raise BadBankFile(reason=f"it has more than {LINES_AT_MOST:,} lines")
            if row:
                rows.append(row)
    except csv.Error as broken:
        raise BadBankFile(reason=f"it is no CSV behind line {len(rows)}: {broken}") from None
    if not rows:
        raise BadBankFile(reason="it is empty")
    for number, row in enumerate(rows, start=1):
        if any(len(cell) > CELL_AT_MOST + 1 or not cell.isprintable() for cell in row):
            raise BadBankFile(reason=f"line {number} has a cell that is too long, or that nobody can read")
    return rows


def _head(row: Row) -> Head:
    cells = [unguarded(cell).strip() for cell in row]
    if len(cells) != _HEAD or not (
        _COUNT.fullmatch(cells[3]) and _AMOUNT.fullmatch(cells[4]) and _DIGEST.fullmatch(cells[5].lower())
    ):
        raise BadBankFile(reason="its first line does not say file, account, asset, count, total and SHA-256")
    return Head(cells[0], cells[1], cells[2], int(cells[3]), Decimal(cells[4]), cells[5].lower())
