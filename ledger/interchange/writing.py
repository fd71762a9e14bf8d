"""Transactions as lines of a file."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from audit.spreadsheets import guarded
from ledger.interchange.formats import NAME, OF_A_TRANSACTION, OF_AN_ENTRY, VERSION, CsvColumn

# A transaction by the names of the columns, its entries under "entries".
Told = Mapping[str, Any]


def written(transactions: Iterable[Told], *, form: str, of: Mapping[str, Any]) -> Iterator[str]:
    """Return the lines of a file; ``of`` says in the first line of a JSON file what was asked for."""
    return _as_json(transactions, of) if form == "jsonl" else _as_csv(transactions)


def _as_json(transactions: Iterable[Told], of: Mapping[str, Any]) -> Iterator[str]:
    yield f"{json.dumps({'format': NAME, 'version': VERSION, **of}, ensure_ascii=False)}\n"
    for transaction in transactions:
        yield f"{json.dumps(transaction, ensure_ascii=False, separators=(',', ':'))}\n"


class _Echo:
    """What the CSV writer writes to: it hands each row back."""

    def write(self, row: str) -> str:
        return row


def _as_csv(transactions: Iterable[Told]) -> Iterator[str]:
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield writer.writerow([*CsvColumn])
    for transaction in transactions:
        common: dict[str, str] = {column: _cell(transaction[column]) for column in OF_A_TRANSACTION}
        entries = transaction["entries"]
        for place, entry in enumerate(entries, start=1):
            row: dict[str, str] = {
                CsvColumn.ENTRY: str(place), CsvColumn.ENTRIES: str(len(entries)), **common,
                # An amount is a number to a spreadsheet, and one below zero no formula.
                **{column: "" if entry[column] is None else str(entry[column]) for column in OF_AN_ENTRY},
            }  # fmt: skip
            yield writer.writerow([row[column] for column in CsvColumn])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return guarded(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":")))
