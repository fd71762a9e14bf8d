"""The statements of rails, as a file has them: read line by line, and held to what they say of themselves.

The first line names the columns, in any order: ``type``, ``at``, ``amount``, ``balance`` and ``asset`` have to be
there; ``reference`` (the rail's), ``ours`` (what we had called it) and ``description`` may be. The lines are in the
order in which it happened. The first is of type OPENING: when the statement begins, and the balance then. The last is
CLOSING: when it ends, that moment not being in it any more, and the balance. Between them are ENTRY, for what came in
(above zero) and went out, and FEE, for what the rail took for itself; each with the balance after it.
"""

import csv
import hashlib
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import BinaryIO, Final, NamedTuple, NoReturn

from django.utils.dateparse import parse_datetime

from audit.spreadsheets import unguarded
from ledger.money import exactly, plain
from wallets.errors import StatementDoesNotAddUp, StatementTooLarge, UnreadableStatement
from wallets.states import StatementLineType

BYTES_AT_MOST: Final = 64 * 1024 * 1024
LINES_AT_MOST: Final = 250_000
_LINE_BYTES_AT_MOST: Final = 16 * 1024
_REQUIRED: Final = ("type", "at", "amount", "balance", "asset")
_TEXTS: Final[Mapping[str, int]] = {"reference": 120, "ours": 40, "description": 500}
COLUMNS: Final = (*_REQUIRED, *_TEXTS)
_OPENING, _CLOSING = "OPENING", "CLOSING"
_AMOUNT: Final = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,18})?", re.ASCII)
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)


class Row(NamedTuple):
    """A line between the opening and the closing one."""

    number: int  # in the file
    at: datetime
    type: str
    reference: str
    ours: str
    amount: Decimal
    balance: Decimal
    description: str

    @property
    def says(self) -> tuple[object, ...]:
        """All that it says, wherever it stands."""
        return self[1:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A statement that agrees with itself."""

    asset: str
    begins_at: datetime
    ends_at: datetime
    opening: Decimal
    closing: Decimal
    rows: list[Row]
    sha256: str
    content: bytes  # the file, packed by zlib


def read_statement(file: BinaryIO) -> Read:
    """Read a statement whole, never holding more of the file than a line.

    :raises StatementTooLarge: if it has too many bytes, or lines.
    :raises UnreadableStatement: if it is no such file, or a line says nothing.
    :raises StatementDoesNotAddUp: if a balance does not follow from the one before.
    """
    source = _Source(file)
    rows = csv.reader(source.lines(), strict=True)
    try:
        names = [name.strip().lower() for name in next(rows, [])]
        _check_names(names, source)
        return _Reading(names, source).through(rows)
    except csv.Error as broken:
        raise UnreadableStatement(line=source.line, reason=f"it is no CSV: {broken}") from None


class _Source:
    """The file's lines, counted, hashed and packed as they go by."""

    def __init__(self, file: BinaryIO) -> None:
        self.line = 0
        self._file = file
        self._bytes = 0
        self._hash = hashlib.sha256()
        self._packer = zlib.compressobj()
        self._packed: list[bytes] = []

    def lines(self) -> Iterator[str]:
        while raw := self._file.readline(_LINE_BYTES_AT_MOST + 1):
            self.line += 1
            self._bytes += len(raw)
            if self._bytes > BYTES_AT_MOST:
                raise StatementTooLarge(most=f"{BYTES_AT_MOST:,} bytes")
            if len(raw) > _LINE_BYTES_AT_MOST:
                raise UnreadableStatement(line=self.line, reason=f"it is longer than {_LINE_BYTES_AT_MOST:,} bytes")
            self._hash.update(raw)
            self._packed.append(self._packer.compress(raw))
            try:
                text = raw.decode("utf-8-sig" if self.line == 1 else "utf-8")
            except UnicodeDecodeError:
                raise UnreadableStatement(line=self.line, reason="it is not written in UTF-8") from None
            if "\0" in text:
                raise UnreadableStatement(line=self.line, reason="it holds a null character, so it is no text")
            yield text

    def end(self) -> tuple[str, bytes]:
        """Return the file's SHA-256, and the file packed."""
        return self._hash.hexdigest(), b"".join((*self._packed, self._packer.flush()))


def _check_names(names: list[str], source: _Source) -> None:
    if not source.line:
        raise UnreadableStatement(line=1, reason="the file is empty")
    if set(names) - set(COLUMNS) or set(_REQUIRED) - set(names) or len(set(names)) != len(names):
        reason = f"it names columns, each once, of {', '.join(COLUMNS)}; {', '.join(_REQUIRED)} have to be there"
        raise UnreadableStatement(line=1, reason=reason)


class _Reading:
    """How far a statement is read."""

    def __init__(self, names: list[str], source: _Source) -> None:
        self._names, self._source = names, source
        self._asset = ""
        self._begins_at: datetime | None = None
        self._ends_at: datetime | None = None
        self._opening = self._balance = Decimal(0)
        self._last_at = _EARLIEST
        self._rows: list[Row] = []

    def through(self, lines: Iterator[list[str]]) -> Read:
        """Read it to its end."""
        for cells in lines:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(self._names):
                self._refuse(f"it has {len(cells)} fields, and the first line {len(self._names)}")
            self._take({name: unguarded(cell.strip()) for name, cell in zip(self._names, cells, strict=True)})
        if self._begins_at is None or self._ends_at is None:
            self._refuse("the statement ends here without a line of type OPENING or CLOSING")
        sha256, content = self._source.end()
        return Read(
            asset=self._asset, begins_at=self._begins_at, ends_at=self._ends_at, opening=self._opening,
            closing=self._balance, rows=self._rows, sha256=sha256, content=content,
        )  # fmt: skip

    def _take(self, fields: Mapping[str, str]) -> None:
        kind, at = fields["type"].upper(), self._instant(fields["at"])
        self._asset = self._asset or fields["asset"]
        if not fields["asset"] or fields["asset"] != self._asset:
            self._refuse("a statement is of one asset, and each line names it")
        if self._ends_at is not None:
            self._refuse("it stands behind the closing line")
        if (kind == _OPENING) != (self._begins_at is None):
            self._refuse("the first line is of type OPENING, and no other is")
        if kind == _OPENING:
            self._begins_at = self._last_at = at
            self._opening = self._balance = self._amount(fields, "balance")
        elif kind == _CLOSING:
            self._close(at, self._amount(fields, "balance"))
        elif kind in StatementLineType.values:
            self._add(kind, at, fields)
        else:
            self._refuse("its type is none of OPENING, ENTRY, FEE and CLOSING")

    def _close(self, at: datetime, balance: Decimal) -> None:
        if at <= self._last_at:
            self._refuse("the statement ends before all of it has happened")
        if balance != self._balance:
            raise StatementDoesNotAddUp(line=self._source.line, said=plain(balance), counted=plain(self._balance))
        self._ends_at = at

    def _add(self, kind: str, at: datetime, fields: Mapping[str, str]) -> None:
        if len(self._rows) == LINES_AT_MOST:
            raise StatementTooLarge(most=f"{LINES_AT_MOST:,} lines")
        if at < self._last_at:
            self._refuse("it happened before the line above it")
        amount, balance = self._amount(fields, "amount"), self._amount(fields, "balance")
        if not amount:
            self._refuse("its amount is zero")
        with exactly():
            self._balance += amount
        if balance != self._balance:
            raise StatementDoesNotAddUp(line=self._source.line, said=plain(balance), counted=plain(self._balance))
        texts = {name: fields.get(name, "") for name in _TEXTS}
        for name, text in texts.items():
            if len(text) > _TEXTS[name]:
                self._refuse(f"its {name} is longer than {_TEXTS[name]} characters")
        self._last_at = at
        self._rows.append(Row(self._source.line, at, kind, amount=amount, balance=balance, **texts))

    def _amount(self, fields: Mapping[str, str], name: str) -> Decimal:
        if not _AMOUNT.fullmatch(fields[name]):
            self._refuse(f"its {name} is no number such as -1250.00")
        return Decimal(fields[name])

    def _instant(self, text: str) -> datetime:
        try:
            found = parse_datetime(text)
        except ValueError:
            found = None
        if found is None or found.tzinfo is None or not _EARLIEST <= found < _LATEST:
            self._refuse("at is a time with its zone, such as 2026-03-01T09:31:20Z")
        return found.astimezone(UTC)

    def _refuse(self, reason: str) -> NoReturn:
        raise UnreadableStatement(line=self._source.line or 1, reason=reason)
