"""Book many transactions at once."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final, Literal, overload
from uuid import UUID

from django.db import IntegrityError
from uuid_utils.compat import uuid7

from ledger import figures, rows
from ledger.applying import Books, EntryRow, Place, Redirected
from ledger.errors import AlreadyReversed, IdempotencyConflict, PostingRefused, UnknownAccount
from ledger.models import Account, Transaction
from ledger.money import exactly
from ledger.movements import Asked, Asker, Booked, Movement, Posting, examine, whoever_acts

Outcome = Booked | PostingRefused
COLLISIONS_AT_MOST: Final = 5


@overload
def post_many(postings: Iterable[Posting], *, each: Literal[False] = False) -> list[Booked]: ...
@overload
def post_many(postings: Iterable[Posting], *, each: Literal[True]) -> list[Outcome]: ...
def post_many(postings: Iterable[Posting], *, each: bool = False) -> list[Booked] | list[Outcome]:
    """Book ``postings`` in their order, all or none; with ``each``, every one that can be, and say what came of each.

    What was booked under its key before is returned as a replay. The ledger remembers no refusals.

    :raises PostingRefused: without ``each``, for the first that is refused.
    """
    try:
        outcomes = _post(list(postings), each=each)
    except PostingRefused as refusal:
        figures.POSTINGS.labels("refused").inc()
        figures.REFUSALS.labels(refusal.code).inc()
        raise
    figures.count(outcomes)
    return outcomes


def _post(postings: Sequence[Posting], *, each: bool) -> list[Outcome]:
    outcomes: dict[int, Outcome] = {}
    waiting: dict[int, Asked] = {}
    for place, posting in enumerate(postings):
        try:
            waiting[place] = examine(posting)
        except PostingRefused as refusal:
            if not each:
                raise
            outcomes[place] = refusal
    collisions = 0
    while waiting:
        try:
            with rows.journeys() as journeys:
                booked = _book(journeys, list(waiting.values()), each=each)
        except _StartOver as again:
            # A closed account stays closed, so each round has fewer; a key can be taken only so often.
            collisions += not again.redirected
            if collisions >= COLLISIONS_AT_MOST:
                raise
            asked = list(waiting)
            waiting |= {
                asked[number]: _to_suspense(waiting[asked[number]], elsewhere)
                for number, elsewhere in again.redirected.items()
            }
        else:
            outcomes |= dict(zip(waiting, booked, strict=True))
            break
    return [outcomes[place] for place in range(len(postings))]


class _StartOver(Exception):
    """Raised when what was read has to be read again: a key was taken meanwhile, or facts go to suspense instead."""

    def __init__(self, redirected: dict[int, Redirected] | None = None) -> None:
        super().__init__()
        self.redirected = redirected or {}  # by their places in what was asked


def _book(journeys: rows.Journeys, asked: Sequence[Asked], *, each: bool) -> list[Outcome]:
    account_ids = sorted({
        account_id for one in asked for movement in one.posting.movements for account_id in movement[:2]
    })  # fmt: skip
    with figures.LOCKING.time():
        found = journeys.lock_and_read(account_ids, asked, chance=rows.chance())
    books, known = Books(found.places, found.program_status, found.closed_until), found.known
    outcomes: list[Outcome] = []
    redirected: dict[int, Redirected] = {}
    new: list[tuple[UUID, Asked]] = []
    entries: list[EntryRow] = []
    identifiers = _identifiers(asked)
    with exactly():
        for number, one in enumerate(asked):
            key = (one.posting.program_id, one.posting.key)
            try:
                if key in known:
                    outcomes.append(_replay(one, *known[key]))
                    continue
                identifier = identifiers[number]
                entries += books.apply(one.posting, transaction_id=identifier)
            except Redirected as elsewhere:
                redirected[number] = elsewhere
                continue
            except PostingRefused as refusal:
                if not each:
                    raise
                outcomes.append(refusal)
                continue
            known[key] = (identifier, one.fingerprint)
            new.append((identifier, _counting_now(one) if identifier in books.late else one))
            outcomes.append(Booked(identifier, one.posting.key, is_replay=False))
    if redirected:
        raise _StartOver(redirected)
    if new:
        _write(journeys, new, entries, found)
    return outcomes


def _identifiers(asked: Sequence[Asked]) -> list[UUID]:
    """Return ids that grow with the keys: so they are written, and what is written in an index's order fills it."""
    ordered = sorted(range(len(asked)), key=lambda number: asked[number].posting.key)
    identifiers = [uuid7() for _ in asked]
    for number, identifier in zip(ordered, sorted(identifiers), strict=True):
        identifiers[number] = identifier
    return identifiers


def _replay(one: Asked, identifier: UUID, fingerprint: bytes) -> Booked:
    if fingerprint != one.fingerprint:
        raise IdempotencyConflict(key=one.posting.key, fields=_differing(one, identifier))
    return Booked(identifier, one.posting.key, is_replay=True)


def _differing(one: Asked, identifier: UUID) -> str:
    booked = Transaction.objects.filter(pk=identifier).first()
    if booked is None:  # earlier in the same batch
        return "content"
    asked = one.posting
    fields = {
        "kind": booked.kind != asked.kind,
        "memo": booked.memo != asked.memo,
        "metadata": booked.metadata != (dict(asked.metadata) if asked.metadata else None),
        "effective_at": booked.counts_at != (asked.effective_at or booked.booked_at),
        "reverses": booked.reverses_id != asked.reverses,
        "corrects": booked.corrects_id != asked.corrects,
    }
    return ", ".join(name for name, differs in fields.items() if differs) or "movements"


def _changed(places: dict[int, Place]) -> list[Place]:
    both = [place for one in places.values() for place in (one, one.owed) if place is not None]
    return [place for place in both if place.is_changed]


def _write(
    journeys: rows.Journeys, new: Sequence[tuple[UUID, Asked]], entries: Sequence[EntryRow], found: rows.Found
) -> None:
    try:
        journeys.write(new, entries, _changed(found.places), asker=_asker(new), booked_at=found.now)
    except IntegrityError as collision:
        if "ledger_transaction_key_once" in str(collision):
            raise _StartOver from collision
        if "ledger_transaction_reversed_once" in str(collision):
            reverses = next(asked.posting.reverses for _, asked in new if asked.posting.reverses)
            raise AlreadyReversed(transaction=reverses, reason="it was reversed before") from collision
        raise


def _asker(new: Sequence[tuple[UUID, Asked]]) -> Asker:
    """Return whoever stands on those that name nobody; where all do, nobody has to act."""
    askers = [asked.posting.asker for _, asked in new]
    if askers[0] and all(askers):
        return askers[0]
    return whoever_acts()


def _counting_now(one: Asked) -> Asked:
    """Return what is asked with today's date: its own day is closed, and stands in the metadata."""
    posting = one.posting
    value_at = posting.effective_at.isoformat() if posting.effective_at else ""
    moved = replace(posting, effective_at=None, metadata={**(posting.metadata or {}), "value_at": value_at})
    return Asked(moved, one.fingerprint, examine(moved).metadata)


def _to_suspense(one: Asked, elsewhere: Redirected) -> Asked:
    """Return what is asked with suspense in the place of a closed account; it stays closed, so this is final."""
    posting = one.posting
    closed = Account.objects.get(pk=elsewhere.account_id)
    suspense = Account.objects.filter(
        program=closed.program_id, asset=closed.asset_id, code=elsewhere.suspense_code
    ).first()
    if suspense is None:
        raise UnknownAccount(account=elsewhere.suspense_code)

    def instead(account_id: int) -> int:
        return suspense.pk if account_id == closed.pk else account_id

    moved = replace(
        posting,
        movements=tuple(
            Movement(instead(debit), instead(credit), amount) for debit, credit, amount in posting.movements
        ),
        metadata={**(posting.metadata or {}), "meant_for": closed.code},
    )
    # Known again under the fingerprint of what was asked.
    return Asked(moved, one.fingerprint, examine(moved).metadata)
