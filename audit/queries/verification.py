"""Recompute everything that seals say, and name what differs: rows, leaves, roots, the chain, signatures, anchors.

Nothing that the database says about itself is believed: a leaf is believed because it leads to a root, a root because
it is signed, a signature because its key is in the settings, and a seal because the anchor file tells of the same one.
Memory stays flat: seals and rows are read by pages, and no seal holds more than a run's limit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, islice
from operator import attrgetter
from typing import Any, Final

from django.db import connection

from audit import merkle, proofs
from audit.models import Seal
from audit.queries.anchors import ANCHOR_FORMAT, LOSS_FORMAT, anchor_path, read_line
from audit.queries.keys import believed_keys
from audit.queries.tailing import PAGE_ROWS, Waiting, first_smuggled, rows_by_id, waiting
from audit.sources import registered_sources, source_called

SEALS_PAGE: Final = 500


class NoAnchors(Exception):
    """Raised when there are seals and no anchor file: whether the database was rewritten can't be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something that is not as it was sealed."""

    what: str  # row_changed, row_missing, row_inserted, leaf_changed, leaf_missing, seal_..., anchor_...
    says: str
    seal: int | None = None
    source: str | None = None
    row_id: str | None = None


@dataclass(slots=True)
class Verdict:
    """What was looked at and what was found, in the order of the chain."""

    keys: list[str]
    seals: int = 0
    rows: int = 0
    anchors: int = 0
    unanchored: int = 0
    unreadable_anchors: int = 0
    accepted_losses: int = 0
    head: Seal | None = None
    waiting: list[Waiting] = field(default_factory=list)
    differences: int = 0


@dataclass(frozen=True, slots=True)
class _Leaf:
    seal: int
    position: int
    row_id: str
    stored: bytes
    now: bytes | None  # None: the row is not there


def verify(verdict: Verdict) -> Iterator[Difference]:
    """Yield what differs, the first first, filling ``verdict`` on the way.

    :raises NoAnchors: if there are seals and no anchor file.
    """
    # Seals made from now on are the next run's.
    verdict.head = Seal.objects.head()
    if verdict.head and not anchor_path().exists():
        raise NoAnchors(f"There is no anchor file at {anchor_path()}: a rewritten database could not be told.")
    for found in _all(verdict):
        verdict.differences += 1
        yield found
    verdict.waiting = [waiting(source) for source in registered_sources()]


def new_verdict() -> Verdict:
    """Return an empty verdict with the keys that are believed.

    :raises ImproperlyConfigured: if there is no key.
    """
    return Verdict(keys=believed_keys())


def _all(verdict: Verdict) -> Iterator[Difference]:
    yield from _chain(verdict)
    for source in registered_sources():
        smuggled = first_smuggled(source)
        if smuggled:
            yield Difference(
                what="row_inserted", source=source.name, row_id=smuggled[1],
                says=f"stands among sealed rows (transaction {smuggled[0]}) and was never sealed",
            )  # fmt: skip
    yield from _anchors(verdict)


def _chain(verdict: Verdict) -> Iterator[Difference]:
    last = verdict.head.number if verdict.head else 0
    groups = groupby(_leaves(last), key=attrgetter("seal"))
    group = next(groups, None)
    expected, previous = 1, proofs.NO_SEAL
    for seal in _seals(last):
        if seal.number != expected:
            yield Difference(
                what="seal_missing", seal=expected, says=f"is missing; the next one there is {seal.number}"
            )
        yield from _seal_itself(seal, previous=previous, gap=seal.number != expected, keys=verdict.keys)
        leaves: list[_Leaf] = []
        if group and group[0] == seal.number:
            leaves = list(group[1])
            group = next(groups, None)
        yield from _under(seal, leaves)
        expected, previous = seal.number + 1, seal.hash
        verdict.seals += 1
        verdict.rows += len(leaves)


def _seals(last: int) -> Iterator[Seal]:
    number = 0
    while page := list(Seal.objects.filter(number__gt=number, number__lte=last).order_by("number")[:SEALS_PAGE]):
        yield from page
        number = page[-1].number


def _leaves(last: int) -> Iterator[_Leaf]:
    """Yield every leaf beside that of its row as it is now, in the order of the chain."""
    after = [0, -1]
    while page := _leaf_page(after, last):
        now = _leaves_now(page)
        for number, position, source, _, row_id, stored in page:
            yield _Leaf(number, position, row_id, bytes(stored), now.get((source, row_id)))
        after = [page[-1][0], page[-1][1]]


def _leaf_page(after: Sequence[int], last: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sealed.seal_id, sealed.position, sealed.source, seal.version, sealed.row_id, sealed.leaf "
            "FROM audit_sealedrow sealed JOIN audit_seal seal ON seal.number = sealed.seal_id "
            "WHERE (sealed.seal_id, sealed.position) > (%s, %s) AND sealed.seal_id <= %s "
            "ORDER BY sealed.seal_id, sealed.position LIMIT %s",
            [*after, last, PAGE_ROWS],
        )
        return list(cursor.fetchall())


def _leaves_now(page: Sequence[tuple[Any, ...]]) -> dict[tuple[str, str], bytes]:
    found: dict[tuple[str, str], bytes] = {}
    for name, version in sorted({(line[2], line[3]) for line in page}):
        source = source_called(name)
        if source is None or version not in source.versions:
            continue  # the seal itself says so
        ids = [line[4] for line in page if (line[2], line[3]) == (name, version)]
        found.update({(name, row_id): row.leaf for row_id, row in rows_by_id(source, version, ids).items()})
    return found


def _seal_itself(seal: Seal, *, previous: str, gap: bool, keys: Sequence[str]) -> Iterator[Difference]:
    source = source_called(seal.source)
    if source is None or seal.version not in source.versions:
        says = f"is of the source {seal.source} in version {seal.version}, which this code does not know"
        yield Difference(what="seal_source_unknown", seal=seal.number, says=says)
    if proofs.seal_hash(seal.header) != seal.hash:
        yield Difference(what="seal_changed", seal=seal.number, says="is not what its hash was made of")
    if seal.previous != previous and not gap:
        yield Difference(what="seal_chain_broken", seal=seal.number, says="names another seal as the one before it")
    if seal.public_key not in keys or seal.key_id != proofs.key_id(seal.public_key):
        says = f"is signed with the key {seal.key_id}, which is not one of this house's"
        yield Difference(what="seal_key_unknown", seal=seal.number, says=says)
    elif not proofs.is_signed(proofs.header_bytes(seal.header), signature=seal.signature, public_key=seal.public_key):
        yield Difference(what="seal_signature_forged", seal=seal.number, says="does not carry the key's signature")


def _under(seal: Seal, leaves: list[_Leaf]) -> Iterator[Difference]:
    """Compare what stands under a seal: the rows as they are now, the stored leaves, and the signed root."""
    gap = next((place for place, leaf in enumerate(leaves) if leaf.position != place), len(leaves))
    if gap < seal.count:
        yield _difference(seal, "leaf_missing", None, f"has no stored hash at place {gap}")
        return
    if len(leaves) > seal.count:
        yield _difference(seal, "leaf_inserted", leaves[seal.count].row_id, "was put under a seal that was closed")
        return

    differing = [leaf for leaf in leaves if leaf.now != leaf.stored]
    if merkle.root(leaf.stored for leaf in leaves).hex() == seal.root:
        yield from (_row_differs(seal, leaf) for leaf in differing)
    elif merkle.root(leaf.now or leaf.stored for leaf in leaves).hex() == seal.root:
        for leaf in differing:
            yield _difference(seal, "leaf_changed", leaf.row_id, "has another stored hash; the row is as sealed")
    else:
        yield from (_row_differs(seal, leaf) for leaf in differing)
        says = "has a root that neither its rows nor their stored hashes lead to"
        yield Difference(what="seal_root_differs", seal=seal.number, source=seal.source, says=says)


def _row_differs(seal: Seal, leaf: _Leaf) -> Difference:
    if leaf.now is None:
        return _difference(seal, "row_missing", leaf.row_id, "is missing")
    return _difference(seal, "row_changed", leaf.row_id, "was changed after it was sealed")


def _difference(seal: Seal, what: str, row_id: str | None, says: str) -> Difference:
    return Difference(what=what, seal=seal.number, source=seal.source, row_id=row_id, says=says)


def _anchors(verdict: Verdict) -> Iterator[Difference]:
    """Compare the anchor file with the chain: each of its lines is a seal that this database must hold.

    Whoever signed it: a line in the file was written by the house, with the key of its day.
    """
    if not anchor_path().exists():
        return
    accepted = _accepted_losses(verdict)
    anchored = (said for said in _lines(verdict) if said["format"] == ANCHOR_FORMAT)
    expected = 1
    while page := [(int(said["seal"]["number"]), str(said["hash"])) for said in islice(anchored, SEALS_PAGE)]:
        held = dict(Seal.objects.filter(number__in=[number for number, _ in page]).values_list("number", "hash"))
        verdict.anchors += len(page)
        for number, hash_ in page:
            if held.get(number) == hash_:
                if expected < number:
                    says = f"has no line in the anchor file, although seal {number} has"
                    yield Difference(what="anchor_missing", seal=expected, says=says)
                expected = max(expected, number + 1)
            elif hash_ in accepted:
                verdict.accepted_losses += 1
            else:
                says = "is anchored with another hash: this is not the chain that was anchored"
                if number not in held:
                    says = "is anchored and not in this database: it went back in time, or seals were removed"
                yield Difference(what="anchor_contradicts", seal=number, says=says)
    if verdict.head:
        verdict.unanchored = max(0, verdict.head.number + 1 - expected)
        if not verdict.anchors:
            raise NoAnchors(f"There is no seal in {anchor_path()}: a rewritten database could not be told.")


def _lines(verdict: Verdict) -> Iterator[dict[str, Any]]:
    verdict.unreadable_anchors = 0
    with anchor_path().open("rb") as file:
        for line in file:
            said = read_line(line)
            if said is not None:
                yield said
            elif line.strip():
                verdict.unreadable_anchors += 1


def _accepted_losses(verdict: Verdict) -> set[str]:
    return {
        str(hash_)
        for said in _lines(verdict)
        if said["format"] == LOSS_FORMAT and said["loss"]["public_key"] in verdict.keys
        for hash_ in said["loss"]["lost"]
    }


def oldest_waiting(lines: Sequence[Waiting]) -> datetime | None:
    """Return since when the oldest unsealed row waits."""
    return min((line.oldest_at for line in lines if line.oldest_at), default=None)
