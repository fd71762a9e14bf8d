"""Statements of rails as tests write them: what came in and went out, with the balances worked out."""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO

from wallets.rails.statements import COLUMNS

BEGINS = datetime(2026, 3, 1, tzinfo=UTC)
WEEK = timedelta(days=7)

# What a line says: when (in hours from the beginning, or a time), how much, and more of its columns.
Said = tuple[float | datetime, str] | tuple[float | datetime, str, dict[str, str]]


def statement(
    lines: Iterable[Said] = (), *, opening: str = "1000", begins_at: datetime = BEGINS, ends_at: datetime | None = None,
    asset: str = "KES",
) -> bytes:  # fmt: skip
    """Return a statement's file."""
    balance = Decimal(opening)
    rows = [{"type": "OPENING", "at": begins_at.isoformat(), "balance": opening}]
    for at, amount, *more in lines:
        balance += Decimal(amount)
        moment = at if isinstance(at, datetime) else begins_at + timedelta(hours=at)
        line = {"type": "ENTRY", "at": moment.isoformat(), "amount": amount, "balance": f"{balance:f}"}
        rows.append({**line, **(more[0] if more else {})})
    ends_at = ends_at or begins_at + WEEK
    rows.append({"type": "CLOSING", "at": ends_at.isoformat(), "balance": f"{balance:f}"})
    written = io.StringIO()
    writer = csv.DictWriter(written, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows([{"asset": asset, **row} for row in rows])
    return written.getvalue().encode()


def file(content: bytes) -> BytesIO:
    return BytesIO(content)
