"""The two calls of posting (migrations/*_posting.py): lock and read, then write, however much is posted."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from ledger.applying import EntryRow, Place
from ledger.movements import Asked

Key = tuple[UUID, str]


@dataclass(frozen=True, slots=True)
class Found:
    """What stands in the books, under their locks."""

    places: dict[int, Place]
    known: dict[Key, tuple[UUID, bytes]]  # transaction and fingerprint of keys that are booked
    program_status: dict[UUID, str]
    closed_until: dict[UUID, datetime]
    now: datetime | None


def lock_and_read(account_ids: Sequence[int], asked: Sequence[Asked], *, chance: int) -> Found:
    """Lock the balances of these accounts and read them, and which of the keys are booked already."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM ledger_lock_and_read(%s, %s, %s, %s)",
            [list(account_ids), chance, [one.posting.program_id for one in asked], [one.posting.key for one in asked]],
        )
        rows = cursor.fetchall()
    found = Found({}, {}, {}, {}, rows[0][15] if rows else None)
    for row in rows:
        if row[0] is None:
            found.known[row[2], row[22]] = (row[23], bytes(row[24]))
        else:
            found.places[row[1]] = _place(row)
            found.program_status[row[2]] = row[3]
            if row[25] is not None:
                found.closed_until[row[2]] = row[25]
    return found


def _place(row: tuple[Any, ...]) -> Place:
    place = Place(row[0], row[1], row[2], *row[4:15])
    if row[16] is not None:
        place.owed = Place(
            row[16], row[17], place.program_id, place.asset_id, place.asset, place.scale, row[18], "WALLET_OWED",
            place.status, False, Decimal(0), row[19], row[20], row[21],
        )  # fmt: skip
    return place


def write(
    booked: Sequence[tuple[UUID, Asked]],
    entries: Sequence[EntryRow],
    places: Sequence[Place],
    *,
    actor: tuple[str, str],
    correlation_id: str,
    booked_at: datetime,
) -> bool:
    """Write transactions, their entries and the balances they leave; False when a key was taken meanwhile."""
    digests = entries_digests(entries)
    transactions = [_transaction(identifier, asked, digests[identifier]) for identifier, asked in booked]
    written = [
        {"t": str(e[0]), "p": str(e[1]), "x": e[2], "d": e[3], "c": e[4], "a": f"{e[5]:f}",
         "b": None if e[6] is None else f"{e[6]:f}", "v": e[7], "y": None if e[8] is None else f"{e[8]:f}", "w": e[9]}
        for e in entries
    ]  # fmt: skip
    left = [{"i": place.balance_id, "a": f"{place.amount:f}", "v": place.version} for place in places]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ledger_write(%s, %s, %s, %s, %s, %s, %s)",
            [json.dumps(transactions), json.dumps(written), json.dumps(left), booked_at, *actor, correlation_id],
        )
        return bool(cursor.fetchone()[0] == len(booked))


def entries_digests(entries: Sequence[EntryRow]) -> dict[UUID, str]:
    """Return for each transaction what its entries come to, as ``queries.verification`` computes it from the table."""
    told: dict[UUID, list[str]] = {}
    for entry in entries:
        transaction, _, _, debit, credit, amount, debit_left, debit_version, credit_left, credit_version = entry
        one, other = _left(debit_left, debit_version), _left(credit_left, credit_version)
        told.setdefault(transaction, []).append(f"{debit}:{credit}:{amount:.18f}:{one}:{other}")
    return {key: hashlib.sha256(",".join(lines).encode()).hexdigest()[:32] for key, lines in told.items()}


def _left(amount: Decimal | None, version: int | None) -> str:
    return ":" if amount is None else f"{amount:.18f}:{version}"


def _transaction(identifier: UUID, asked: Asked, digest: str) -> dict[str, Any]:
    posting = asked.posting
    row: dict[str, Any] = {
        "i": str(identifier), "p": str(posting.program_id), "k": posting.key, "f": asked.fingerprint.hex(), "h": digest,
        "n": posting.kind, "m": posting.memo,
    }  # fmt: skip
    # What most have not is left out, and read as null.
    if posting.metadata:
        row["d"] = posting.metadata
    if posting.effective_at:
        row["e"] = posting.effective_at.isoformat()
    if posting.reverses:
        row["r"] = str(posting.reverses)
    if posting.corrects:
        row["c"] = str(posting.corrects)
    return row
