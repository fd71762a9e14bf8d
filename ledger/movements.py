"""What can be asked of the books, and what comes of it."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple
from uuid import UUID

from audit import context
from ledger.errors import BadAmount, BadText, SameAccount, TooLong, TooManyEntries, UnknownAccount, UnknownKind
from ledger.money import LARGEST_SCALE, TOO_LARGE, plain
from ledger.postings import AS_GIVEN, RULES

ENTRIES_AT_MOST: Final = 10_000
KEY_AT_MOST: Final = 255
MEMO_AT_MOST: Final = 500
METADATA_BYTES_AT_MOST: Final = 16 * 1024
_LARGEST_ID: Final = 2**63 - 1
_HALF_A_CHARACTER: Final = re.compile("[\ud800-\udfff]")
_ESCAPED_NUL: Final = re.compile(r"(?<!\\)(\\\\)*\\u0000")


class Movement(NamedTuple):
    """An amount from one account to another; accounts are named by their ids."""

    debit: int
    credit: int
    amount: Decimal


class Asker(NamedTuple):
    """For whom something is done, and under which correlation id it was asked."""

    actor_type: str
    actor_id: str
    correlation_id: str


def whoever_acts() -> Asker:
    """Return who acts now, as one for whom something is done."""
    acting = context.current()
    return Asker(acting.actor.type, acting.actor.id, acting.correlation_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A transaction as it is asked for. Under one key a program books one, however often it is asked."""

    program_id: UUID
    key: str
    kind: str
    movements: tuple[Movement, ...]
    memo: str = ""
    metadata: Mapping[str, Any] | None = None
    effective_at: datetime | None = None  # when it counts; None is the moment it is booked
    reverses: UUID | None = None
    corrects: UUID | None = None
    asker: Asker | None = None  # who stands on it; None is whoever acts


@dataclass(frozen=True, slots=True)
class Booked:
    """What came of a posting: the transaction's id, and whether an earlier one is meant."""

    id: UUID
    key: str
    is_replay: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A posting that could be booked, as far as it tells by itself."""

    posting: Posting
    fingerprint: bytes
    metadata: str | None


def examine(posting: Posting) -> Asked:
    """Check what needs no look into the books.

    :raises PostingRefused: if it could never be booked.
    """
    if posting.kind not in RULES and posting.kind not in AS_GIVEN:
        raise UnknownKind(kind=posting.kind)
    if not 0 < len(posting.key) <= KEY_AT_MOST:
        raise TooLong(field="A key", most=KEY_AT_MOST, unit="characters")
    if len(posting.memo) > MEMO_AT_MOST:
        raise TooLong(field="A memo", most=MEMO_AT_MOST, unit="characters")
    for field, text in (("A key", posting.key), ("A memo", posting.memo)):
        if not is_storable(text):
            raise BadText(field=field)
    if not 0 < len(posting.movements) <= ENTRIES_AT_MOST:
        raise TooManyEntries(count=len(posting.movements), most=ENTRIES_AT_MOST)
    for movement in posting.movements:
        _examine_movement(movement)
    metadata = _canonical(posting.metadata) if posting.metadata else None
    return Asked(posting, _fingerprint(posting, metadata), metadata)


def _examine_movement(movement: Movement) -> None:
    amount = movement.amount
    # What is far too small has as many digits, written out, as what is far too large.
    if not amount.is_finite() or not 0 < amount < TOO_LARGE or amount.adjusted() < -2 * LARGEST_SCALE:
        raise BadAmount(amount=str(amount)[:60])
    if movement.debit == movement.credit:
        raise SameAccount(account=movement.debit)
    for account_id in movement[:2]:
        if abs(account_id) > _LARGEST_ID:  # the database could not even be asked
            raise UnknownAccount(account=account_id)


def is_storable(text: str) -> bool:
    """Whether the database can keep ``text``: no NUL, no half of a character."""
    return "\0" not in text and not _HALF_A_CHARACTER.search(text)


def canonical(document: Mapping[str, Any]) -> str:
    """Return ``document`` as JSON that two programs write alike.

    :raises ValueError: if it is none, or holds what the database can't keep.
    """
    try:
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (TypeError, RecursionError) as unfit:
        raise ValueError("no JSON") from unfit
    if _HALF_A_CHARACTER.search(text) or _ESCAPED_NUL.search(text):
        raise ValueError("half a character, or a NUL")
    return text


def _canonical(metadata: Mapping[str, Any]) -> str:
    try:
        text = canonical(metadata)
    except ValueError as unfit:
        raise BadText(field="Metadata") from unfit
    if len(text.encode()) > METADATA_BYTES_AT_MOST:
        raise TooLong(field="Metadata", most=METADATA_BYTES_AT_MOST, unit="bytes")
    return text


def _fingerprint(posting: Posting, metadata: str | None) -> bytes:
    """Return half the SHA-256 of what was asked: the same for equal amounts however they are written."""
    effective = posting.effective_at.timestamp().hex() if posting.effective_at else ""
    words = [posting.kind, posting.memo, metadata or "", effective, str(posting.reverses), str(posting.corrects)]
    moved = [f"{debit}>{credit}:{plain(amount)}" for debit, credit, amount in posting.movements]
    return hashlib.sha256("\x1f".join([*words, *moved]).encode()).digest()[:16]
