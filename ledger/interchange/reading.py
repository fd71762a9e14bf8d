"""A file, transaction by transaction: whatever stands in it, what can't be read is named with its line and why.

A file may be of any size and meant badly. Of a line no more is kept than a transaction can need; a transaction that is
not whole is not read at all, because half of one must never be booked.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final, NoReturn

from django.utils.dateparse import parse_datetime

from ledger.errors import BadLine, BadText, PostingRefused, TooManyEntries, UnreadableFile
from ledger.interchange.formats import (
    NAME,
    OF_A_TRANSACTION,
    SIDES,
    TEXTS,
    VERSION,
    CsvColumn,
    WrittenEntry,
    WrittenTransaction,
)
from ledger.interchange.grouping import Group, Row, header
from ledger.movements import ENTRIES_AT_MOST, is_storable

LINE_BYTES_AT_MOST: Final = {"csv": 128 * 1024, "jsonl": 8 * 1024 * 1024}
_CHUNK: Final = 1024 * 1024
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(3000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line, or several, of which nothing is booked."""

    line: int
    key: str
    refusal: PostingRefused
    is_end: bool = False  # what comes behind it can't be told apart


Read = WrittenTransaction | Unreadable


class Source:
    """A file that is read line by line."""

    def __init__(self, file: BinaryIO, *, form: str) -> None:
        self.file, self.form = file, form
        self.at_most = LINE_BYTES_AT_MOST[form]
        self.line = 0
        self.position = 0

    def read(self) -> Iterator[Read]:
        """Return what stands in it.

        :raises UnreadableFile: if it is no such file.
        """
        return self._read_json() if self.form == "jsonl" else self._read_csv()

    def _lines(self) -> Iterator[bytes | None]:
        """Return the lines, and None for one that is too long."""
        while raw := self.file.readline(self.at_most + 1):
            self.line += 1
            self.position += len(raw)
            if len(raw) <= self.at_most:
                yield raw.removeprefix(b"\xef\xbb\xbf") if self.line == 1 else raw
                continue
            while not raw.endswith(b"\n") and (raw := self.file.readline(_CHUNK)):
                self.position += len(raw)
            yield None

    # JSON Lines

    def _read_json(self) -> Iterator[Read]:
        lines = self._lines()
        _check_json_header(next(lines, b""))
        for raw in lines:
            if raw is not None and not raw.strip():
                continue
            key = ""
            try:
                fields = _from_json(raw)
                key = fields["key"] if isinstance(fields.get("key"), str) else ""
                yield _transaction(self.line, fields)
            except PostingRefused as refusal:
                yield Unreadable(self.line, key, refusal)

    # CSV

    def _read_csv(self) -> Iterator[Read]:
        rows = csv.reader(self._decoded(), strict=True)
        group: Group | None = None
        names: list[str] = []
        try:
            names = header(next(rows, []))
            before = self.line
            for cells in rows:
                row, before = Row.of(cells, names, line=before + 1), self.line
                if row is None:
                    continue
                if group and (group.is_full or row.key != group.key):
                    yield _closed(group)
                    group = None
                group = group or Group(row)
                group.add(row)
        except (_Torn, csv.Error) as torn:
            if not names:
                raise UnreadableFile(reason=f"its first line is no header of ours: {torn}") from torn
            if group:
                yield _closed(group)
            why = f"{torn}; nothing behind it can be trusted"
            yield Unreadable(self.line, "", BadLine(reason=why), is_end=True)
            return
        if group:
            yield _closed(group)

    def _decoded(self) -> Iterator[str]:
        for raw in self._lines():
            if raw is None:
                raise _Torn(f"it is longer than {self.at_most:,} bytes")
            # What is no UTF-8 is found in its cell, and refused with its row.
            yield raw.decode("utf-8", "surrogateescape")


class _Torn(Exception):
    """Raised when rows can't be told apart any more."""


def _closed(group: Group) -> Read:
    try:
        fields = group.close()
        if metadata := fields.pop("metadata", ""):
            fields["metadata"] = _parsed(metadata, "its metadata is")
        return _transaction(group.line, fields)
    except PostingRefused as refusal:
        return Unreadable(group.line, group.key, refusal)


def _check_json_header(raw: bytes | None) -> None:
    if raw == b"":
        raise UnreadableFile(reason="it is empty")
    try:
        said = _from_json(raw)
    except PostingRefused:
        said = {}
    if said.get("format") != NAME:
        raise UnreadableFile(reason=f'its first line is no header: {{"format": "{NAME}", "version": {VERSION}}}')
    if said.get("version") != VERSION:
        version = str(said.get("version"))[:20]
        raise UnreadableFile(reason=f"it is of version {version} of the format, and this house reads {VERSION}")


def _from_json(raw: bytes | None) -> dict[str, Any]:
    if raw is None:
        raise BadLine(reason=f"it is longer than {LINE_BYTES_AT_MOST['jsonl']:,} bytes")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise BadLine(reason="it is no UTF-8") from None
    found = _parsed(text, "it is")
    if not isinstance(found, dict):
        raise BadLine(reason="it is no JSON object")
    return found


def _parsed(text: str, what: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as broken:
        raise BadLine(reason=f"{what} no JSON: {str(broken)[:120]}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return dict(pairs)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _transaction(line: int, fields: dict[str, Any]) -> WrittenTransaction:
    """Return what the fields say.

    :raises PostingRefused: if they say nothing that could be booked.
    """
    unknown = [str(name)[:40] for name in fields if name != "entries" and name not in OF_A_TRANSACTION]
    if unknown:
        raise BadLine(reason=f"it has fields that are none of ours: {', '.join(unknown[:5])}")
    texts = {name: fields.get(name) or "" for name in TEXTS}
    for name, text in texts.items():
        if not isinstance(text, str):
            raise BadLine(reason=f"{name} is no text")
        if not is_storable(text):
            raise BadText(field=name)
    metadata = fields.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise BadLine(reason="metadata is no JSON object")
    entries = fields.get("entries")
    if not isinstance(entries, list) or not 0 < len(entries) <= ENTRIES_AT_MOST:
        raise TooManyEntries(count=len(entries) if isinstance(entries, list) else 0, most=ENTRIES_AT_MOST)
    return WrittenTransaction(
        line=line, key=texts["key"], kind=texts["kind"], memo=texts["memo"], metadata=metadata or None,
        effective_at=_instant(texts["effective_at"]), reverses_key=texts["reverses_key"],
        corrects_key=texts["corrects_key"], entries=tuple(map(_entry, entries)),
    )  # fmt: skip


def _entry(said: Any) -> WrittenEntry:
    if not isinstance(said, dict) or not all(isinstance(said.get(side), str) for side in SIDES):
        raise BadLine(reason="an entry has debit, credit, asset and amount, all of them as text")
    unknown = [str(name)[:40] for name in said if name not in set(CsvColumn)]
    if unknown:
        raise BadLine(reason=f"an entry has fields that are none of ours: {', '.join(unknown[:5])}")
    for side in SIDES:
        if not is_storable(said[side]):
            raise BadText(field=side)
    return WrittenEntry(*(said[side].strip() for side in SIDES))


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not _EARLIEST <= found < _LATEST:
        raise BadLine(reason="effective_at is a time with its zone, from 1970 to 2999")
    return found
