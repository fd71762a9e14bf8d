"""Seal what has been written since the last seal."""

from datetime import datetime
from itertools import chain
from typing import Final

import structlog
from django.db import connection, transaction

from audit import merkle, proofs
from audit.models import Seal
from audit.operations.anchor import anchor
from audit.operations.record import record
from audit.queries.keys import public_half, signing_key
from audit.queries.tailing import Database, SourceRow, this_database, unsealed_pages, watermark
from audit.sources import SealSource, registered_sources

log = structlog.get_logger("audit")

ROWS_LIMIT: Final = 10_000  # under one seal
SEALS_LIMIT: Final = 60  # in one run; the next goes on where it ended


def seal(*, at: datetime) -> list[Seal]:
    """Seal every source's rows that can be, and return the new seals; none while there is nothing to seal.

    Each seal is a transaction of its own and is anchored when it has committed, so a run that is killed loses nothing.
    Of two runs at once the second waits at each seal and takes what the first has left.

    :raises ImproperlyConfigured: if there is no key to sign with.
    :raises OSError: if the anchor file can't be written; the seal stays, and its line is written by the next run.
    """
    anchor()

    made: list[Seal] = []
    # What a restore brought here unsealed is sealed in the epoch it was written in, then the new one begins.
    steps = [(source, True) for source in registered_sources()] + [(source, False) for source in registered_sources()]
    for source, left_behind in steps:
        while len(made) < SEALS_LIMIT and (one := _seal_next(source, left_behind=left_behind, at=at)):
            anchor()
            log.info("audit.seal.made", number=one.number, source=one.source, rows=one.count)
            made.append(one)
            if one.count < ROWS_LIMIT:
                break
    return made


@transaction.atomic(durable=True)
def _seal_next(source: SealSource, *, left_behind: bool, at: datetime) -> Seal | None:
    """Seal up to ROWS_LIMIT rows of ``source``, in a transaction of its own."""
    with connection.cursor() as cursor:
        # One chain has one end: who comes second must see the first one's seal.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('countinghouse.seals'))")
    head = Seal.objects.head()
    here = this_database()
    there = Database(head.system_identifier, head.timeline) if head else here
    moved = there.system_identifier != here.system_identifier
    if left_behind and not moved:
        return None

    database = there if left_behind else here
    after = watermark(source, system_identifier=database.system_identifier)
    pages = unsealed_pages(source, after=after, limit=ROWS_LIMIT, left_behind=left_behind)
    first_page = next(pages, None)
    if first_page is None:
        return None

    opens_epoch = database != there
    epoch = head.epoch + opens_epoch if head else 1
    rows = _sealed(source, chain([first_page], pages))
    made = _sign(source, database, rows, head=head, epoch=epoch, at=at)
    made.save(force_insert=True)
    _store_leaves(made, rows)

    if opens_epoch:
        record("audit.epoch.opened", subject=made, at=at, payload={"epoch": epoch, "timeline": here.timeline})
    return made


def _sealed(source: SealSource, pages: "chain[list[SourceRow]]") -> list[tuple[int, str, bytes]]:
    # The rows themselves may be long; their hashes are not.
    return [(row.transaction_id, row.row_id, row.leaf) for page in pages for row in page]


def _sign(
    source: SealSource,
    database: Database,
    rows: list[tuple[int, str, bytes]],
    *,
    head: Seal | None,
    epoch: int,
    at: datetime,
) -> Seal:
    key = signing_key()
    public_key = public_half(key)
    made = Seal(
        number=head.number + 1 if head else 1,
        source=source.name,
        version=source.version,
        epoch=epoch,
        system_identifier=database.system_identifier,
        timeline=database.timeline,
        first_transaction_id=rows[0][0],
        first_row_id=rows[0][1],
        last_transaction_id=rows[-1][0],
        last_row_id=rows[-1][1],
        count=len(rows),
        root=merkle.root(leaf for _, _, leaf in rows).hex(),
        previous=head.hash if head else proofs.NO_SEAL,
        public_key=public_key,
        key_id=proofs.key_id(public_key),
        sealed_at=at,
    )
    made.hash = proofs.seal_hash(made.header)
    made.signature = key.sign(proofs.header_bytes(made.header)).hex()
    return made


def _store_leaves(made: Seal, rows: list[tuple[int, str, bytes]]) -> None:
    with connection.cursor() as cursor:
        # One statement for all: ten thousand objects would take longer than everything else here.
        cursor.execute(
            "INSERT INTO audit_sealedrow (source, row_id, leaf, seal_id, position) "
            "SELECT %s, given.row_id, decode(given.leaf, 'hex'), %s, given.place - 1 "
            "FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS given (row_id, leaf, place)",
            [made.source, made.number, [row_id for _, row_id, _ in rows], [leaf.hex() for _, _, leaf in rows]],
        )
