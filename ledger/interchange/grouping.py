"""Rows of a CSV, put together to transactions.

A transaction's rows follow each other, each with its place among them and how many there are: what is cut off, or
stands apart, is noticed before half of it is booked.
"""

import re
from dataclasses import dataclass, field
from typing import Any, Final

from audit.spreadsheets import unguarded
from ledger.errors import BadLine, EntriesApart, PostingRefused, TooManyEntries, UnreadableFile
from ledger.interchange.formats import OF_A_TRANSACTION, REQUIRED, SIDES, TEXTS, VERSION, CsvColumn
from ledger.movements import ENTRIES_AT_MOST, is_storable

_COUNT: Final = re.compile(r"[0-9]{1,9}")


def header(cells: list[str]) -> list[str]:
    """Return the names in the first line.

    :raises UnreadableFile: if it is no header of ours.
    """
    if not cells:
        raise UnreadableFile(reason="it is empty")
    names = [cell.strip() for cell in cells]
    if any(not is_storable(name) or not name.isascii() for name in names):
        raise UnreadableFile(reason="its first line is no header of ours in UTF-8")
    other = re.fullmatch(r"ledger\.([0-9]{1,9})", names[0])
    if other and names[0] != CsvColumn.ENTRY:
        raise UnreadableFile(reason=f"it is of version {other[1]} of the format, and this house reads {VERSION}")
    missing = [column for column in REQUIRED if column not in names]
    if missing:
        raise UnreadableFile(reason=f"its first line does not name {', '.join(missing)}")
    unknown = [name[:40] for name in names if name not in set(CsvColumn)]
    if unknown or len(set(names)) < len(names):
        raise UnreadableFile(
            reason=f"its first line has columns it should not: {', '.join(unknown[:5]) or 'one twice'}"
        )
    return names


@dataclass(frozen=True, slots=True)
class Row:
    """One row, and whether it has a cell for every column."""

    line: int
    cells: dict[str, str]
    is_whole: bool

    @classmethod
    def of(cls, cells: list[str], names: list[str], *, line: int) -> "Row | None":
        """Return the row of these cells, if any has something in it."""
        if not any(cells):
            return None
        return cls(line, dict(zip(names, map(unguarded, cells), strict=False)), len(cells) == len(names))

    @property
    def key(self) -> str:
        return self.cells.get(CsvColumn.KEY, "")

    @property
    def common(self) -> tuple[str, ...]:
        """What all rows of a transaction have in common."""
        return tuple(self.cells.get(column, "") for column in (*OF_A_TRANSACTION, CsvColumn.ENTRIES))

    def number(self, column: str) -> int:
        """Return the number in ``column``; 0 where there is none."""
        text = self.cells.get(column, "").strip()
        return int(text) if _COUNT.fullmatch(text) else 0


@dataclass(slots=True)
class Group:
    """Rows that follow each other and have one key."""

    first: Row
    entries: list[dict[str, str]] = field(default_factory=list)
    count: int = 0
    refusal: PostingRefused | None = None
    expected: int = field(init=False)

    def __post_init__(self) -> None:
        self.expected = self.first.number(CsvColumn.ENTRIES)

    @property
    def line(self) -> int:
        return self.first.line

    @property
    def key(self) -> str:
        return self.first.key

    @property
    def is_full(self) -> bool:
        """Whether the next row with this key begins it anew."""
        return self.count >= max(self.expected, 1)

    def add(self, row: Row) -> None:
        """Take one more row."""
        self.count += 1
        if self.refusal:
            return
        if not row.is_whole:
            self._refuse(BadLine(reason=f"line {row.line} has more or fewer cells than the first line"))
        elif row.common != self.first.common:
            self._refuse(BadLine(reason=f"line {row.line} says another thing of its transaction than line {self.line}"))
        elif row.number(CsvColumn.ENTRY) != self.count:
            self._refuse(EntriesApart(key=self.key[:255], entries=self.expected))
        elif self.expected > ENTRIES_AT_MOST:
            self._refuse(TooManyEntries(count=self.expected, most=ENTRIES_AT_MOST))
        else:
            self.entries.append({side: row.cells[side] for side in SIDES})

    def _refuse(self, refusal: PostingRefused) -> None:
        self.refusal = refusal
        self.entries.clear()

    def close(self) -> dict[str, Any]:
        """Return what the rows say together.

        :raises PostingRefused: if they are not whole.
        """
        if self.refusal:
            raise self.refusal
        if self.count != self.expected:
            raise EntriesApart(key=self.key[:255], entries=self.expected)
        fields = {name: self.first.cells.get(name, "") for name in (*TEXTS, "metadata")}
        return {**fields, "entries": self.entries}
