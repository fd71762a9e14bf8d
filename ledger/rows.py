"""The two calls of posting (migrations/*_posting.py): lock and read, then write, however much is posted."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from os import urandom
from typing import Any, Final
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections
from django.db.backends.utils import CursorWrapper

from ledger.applying import EntryRow, Place
from ledger.models.fields import packed
from ledger.models.transactions import key_hash
from ledger.movements import Asked, Asker

Key = tuple[UUID, str]

_LOCK_AND_READ: Final = "SELECT ledger_lock_and_read(%s, %s, %s)"
_WRITE: Final = "SELECT ledger_write(%s, %s, %s, %s, %s, %s, %s)"


@dataclass(frozen=True, slots=True)
class Found:
    """What stands in the books, under their locks."""

    now: str  # as the database writes it: it goes back there, and nobody reads it here
    places: dict[int, Place] = field(default_factory=dict)
    known: dict[Key, tuple[UUID, bytes]] = field(default_factory=dict)  # transaction and fingerprint of booked keys
    program_status: dict[UUID, str] = field(default_factory=dict)
    closed_until: dict[UUID, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Bounds:
    """What makes the two calls one: what is said before the first, after the last, and instead of that."""

    begin: str
    end: str
    undo: str


_ALONE: Final = _Bounds(begin="BEGIN", end="COMMIT", undo="ROLLBACK")
_INSIDE: Final = _Bounds(
    begin="SAVEPOINT posting", end="RELEASE SAVEPOINT posting",
    undo="ROLLBACK TO SAVEPOINT posting; RELEASE SAVEPOINT posting",
)  # fmt: skip


@dataclass(slots=True)
class Journeys:
    """The way to the database and back, twice: inside the caller's transaction, or in one of its own.

    What holds the two together is said on the way of the first call and of the second. ``transaction.atomic`` would do
    the same, with two more journeys; hooks on the commit there can be none.
    """

    cursor: CursorWrapper
    bounds: _Bounds
    is_open: bool = False

    def lock_and_read(self, account_ids: Sequence[int], asked: Sequence[Asked], *, chance: int) -> Found:
        """Lock the balances of these accounts and read them, and which of the keys are booked already."""
        accounts = ",".join(map(str, account_ids))
        hashes = ",".join([key_hash(one.posting.program_id, one.posting.key).hex for one in asked])
        self.is_open = True
        self.cursor.execute(f"{self.bounds.begin}; {_LOCK_AND_READ}", [f"{{{accounts}}}", chance, f"{{{hashes}}}"])
        self.cursor.nextset()
        return _found(json.loads(self.cursor.fetchone()[0]))

    def write(
        self,
        booked: Sequence[tuple[UUID, Asked]],
        entries: Sequence[EntryRow],
        places: Sequence[Place],
        *,
        asker: Asker,
        booked_at: str,
    ) -> None:
        """Write transactions, their entries and the balances they leave; ``asker`` stands on those that name nobody.

        :raises IntegrityError: if somebody took one of the keys meanwhile.
        """
        digests = entries_digests(entries)
        transactions = [_transaction(identifier, asked, digests[identifier]) for identifier, asked in booked]
        left = [
            {"i": place.account_id, "s": place.stripe, "a": f"{place.amount:f}", "v": place.version} for place in places
        ]
        self.cursor.execute(
            f"{_WRITE}; {self.bounds.end}",
            [json.dumps(transactions), json.dumps([_entry(entry) for entry in entries]), json.dumps(left),
             booked_at, asker.actor_type, packed(asker.actor_id), packed(asker.correlation_id)],
        )  # fmt: skip
        self.is_open = False


def chance() -> int:
    """Return which stripe of a striped account is taken: two posters at once seldom take the same."""
    return urandom(1)[0]


@contextmanager
def journeys() -> Iterator[Journeys]:
    """Have what is done with them booked whole or not at all."""
    connection = connections[DEFAULT_DB_ALIAS]  # asked for once: looking up which it is takes as long as a lock
    is_inside = connection.in_atomic_block or not connection.get_autocommit()
    with connection.cursor() as cursor:
        made = Journeys(cursor, _INSIDE if is_inside else _ALONE)
        try:
            yield made
        finally:
            if made.is_open:
                # Who lost the connection has been told so, and the server rolls back by itself; whose transaction had
                # failed before is told of that, and there is nothing to go back to.
                with suppress(OperationalError, InterfaceError):
                    cursor.execute(made.bounds.undo)


def _found(read: dict[str, Any]) -> Found:
    found = Found(read["now"])
    accounts = {row[0]: row for row in read["accounts"] or ()}
    programs: dict[str, UUID] = {}  # a thousand rows name a few
    for balance in read["balances"] or ():
        account = accounts[balance[0]]
        program_id = programs.get(account[1]) or programs.setdefault(account[1], UUID(account[1]))
        found.places[balance[0]] = _place(balance, account, program_id)
        found.program_status[program_id] = account[2]
        if account[9] is not None:
            found.closed_until[program_id] = datetime.fromisoformat(account[9])
    for program, key, identifier, fingerprint in read["known"] or ():
        found.known[UUID(program), key] = UUID(identifier), bytes.fromhex(fingerprint)
    return found


def _place(balance: list[Any], account: list[Any], program_id: UUID) -> Place:
    account_id, stripe, is_striped, floor, amount, version = balance
    _, _, _, asset_id, asset, scale, code, role, status, _, owed_id, owed_amount, owed_version = account
    place = Place(
        account_id, stripe, program_id, asset_id, asset, scale, code, role, status, is_striped,
        None if floor is None else Decimal(floor), Decimal(amount), version,
    )  # fmt: skip
    if owed_id is not None:
        place.owed = Place(
            owed_id, 0, program_id, asset_id, asset, scale, f"{code}:owed", "WALLET_OWED", status, False, Decimal(0),
            Decimal(owed_amount), owed_version,
        )  # fmt: skip
    return place


def entries_digests(entries: Sequence[EntryRow]) -> dict[UUID, str]:
    """Return for each transaction what its entries come to, as ``queries.verification`` computes it from the table."""
    told: dict[UUID, list[str]] = {}
    for entry in entries:
        transaction_id, debit, credit, amount, debit_left, debit_version, credit_left, credit_version = entry
        one, other = _left(debit_left, debit_version), _left(credit_left, credit_version)
        told.setdefault(transaction_id, []).append(f"{debit}:{credit}:{amount:.18f}:{one}:{other}")
    return {key: hashlib.sha256(",".join(lines).encode()).hexdigest()[:32] for key, lines in told.items()}


def _left(amount: Decimal | None, version: int | None) -> str:
    return ":" if amount is None else f"{amount:.18f}:{version}"


def _entry(entry: EntryRow) -> dict[str, Any]:
    identifier, debit, credit, amount, debit_left, debit_version, credit_left, credit_version = entry
    row: dict[str, Any] = {"t": identifier.hex, "d": debit, "c": credit, "a": f"{amount:f}"}
    # What a striped account has not is left out, and read as null.
    if debit_left is not None:
        row["b"], row["v"] = f"{debit_left:f}", debit_version
    if credit_left is not None:
        row["y"], row["w"] = f"{credit_left:f}", credit_version
    return row


def _transaction(identifier: UUID, asked: Asked, digest: str) -> dict[str, Any]:
    posting = asked.posting
    row: dict[str, Any] = {
        "i": identifier.hex, "p": posting.program_id.hex, "k": posting.key, "f": asked.fingerprint.hex(), "h": digest,
        "n": posting.kind, "m": posting.memo,
    }  # fmt: skip
    # What most have not is left out, and read as null.
    if posting.asker:
        row["u"], row["o"] = posting.asker.actor_type, packed(posting.asker.actor_id).hex()
        row["q"] = packed(posting.asker.correlation_id).hex()
    if posting.metadata:
        row["d"] = posting.metadata
    if posting.effective_at:
        row["e"] = posting.effective_at.isoformat()
    if posting.reverses:
        row["r"] = str(posting.reverses)
    if posting.corrects:
        row["c"] = str(posting.corrects)
    return row
