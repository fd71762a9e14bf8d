"""What stands in a file, and under which names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

VERSION: Final = 1
NAME: Final = "countinghouse.ledger"
FORMATS: Final = ("csv", "jsonl")


class CsvColumn(StrEnum):
    """The columns. The first one's name is the format's; it counts the entries of a transaction from 1."""

    ENTRY = f"ledger.{VERSION}"
    ENTRIES = "entries"
    KEY = "key"
    KIND = "kind"
    DEBIT = "debit"
    CREDIT = "credit"
    ASSET = "asset"
    AMOUNT = "amount"
    MEMO = "memo"
    EFFECTIVE_AT = "effective_at"
    METADATA = "metadata"
    REVERSES_KEY = "reverses_key"
    CORRECTS_KEY = "corrects_key"
    # From here on they say how it was booked there, and an import passes them by.
    ID = "id"
    BOOKED_AT = "booked_at"
    ACTOR_TYPE = "actor_type"
    ACTOR_ID = "actor_id"
    CORRELATION_ID = "correlation_id"
    DEBIT_BALANCE = "debit_balance"
    DEBIT_VERSION = "debit_version"
    CREDIT_BALANCE = "credit_balance"
    CREDIT_VERSION = "credit_version"


# What an import reads of a transaction, as text, and of an entry.
TEXTS: Final = ("key", "kind", "memo", "effective_at", "reverses_key", "corrects_key")
SIDES: Final = ("debit", "credit", "asset", "amount")
REQUIRED: Final = tuple(CsvColumn)[:8]
OF_AN_ENTRY: Final = (
    CsvColumn.DEBIT, CsvColumn.CREDIT, CsvColumn.ASSET, CsvColumn.AMOUNT, CsvColumn.DEBIT_BALANCE,
    CsvColumn.DEBIT_VERSION, CsvColumn.CREDIT_BALANCE, CsvColumn.CREDIT_VERSION,
)  # fmt: skip
OF_A_TRANSACTION: Final = tuple(
    column for column in CsvColumn if column not in (*OF_AN_ENTRY, CsvColumn.ENTRY, CsvColumn.ENTRIES)
)


@dataclass(frozen=True, slots=True)
class WrittenEntry:
    """An entry as a file names it."""

    debit: str
    credit: str
    asset: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenTransaction:
    """A transaction as a file asks for it, and the line on which it begins."""

    line: int
    key: str
    kind: str
    entries: tuple[WrittenEntry, ...]
    memo: str = ""
    metadata: Mapping[str, Any] | None = None
    effective_at: datetime | None = None
    reverses_key: str = ""
    corrects_key: str = ""
