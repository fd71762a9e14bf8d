"""Reading a source in the one order in which nothing that commits late is missed.

Ids and times are not the order of commits. A row carries the transaction that wrote it, and a reader takes only rows of
transactions below the oldest one still running: whatever such a transaction wrote is visible or will never be. Behind
the last position read so, no row can appear later. A long transaction holds the reader up and makes it skip nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from audit import merkle
from audit.models import Seal
from audit.sources import SealSource

PAGE_ROWS: Final = 1_000
# A number that is only looked at stops here: counting further costs more than it tells.
MOST_COUNTED: Final = 100_000
_JSON_OIDS: Final = frozenset({114, 3802})

Position = tuple[int, str]

_XMIN: Final = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_XMAX: Final = "pg_snapshot_xmax(pg_current_snapshot())::text::bigint"


@dataclass(frozen=True, slots=True)
class Database:
    """Which database this is: a restore elsewhere changes the identifier, one to a point in time the timeline."""

    system_identifier: str
    timeline: int


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row as it is sealed."""

    transaction_id: int
    row_id: str
    encoded: bytes

    @property
    def position(self) -> Position:
        return self.transaction_id, self.row_id

    @property
    def leaf(self) -> bytes:
        return merkle.leaf_hash(self.encoded)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a source has that no seal covers yet."""

    source: str
    count: int  # MOST_COUNTED means that or more
    oldest_at: datetime | None


def this_database() -> Database:
    """Return which database this is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT system_identifier::text, timeline_id FROM pg_control_system(), pg_control_checkpoint()")
        return Database(*cursor.fetchone())


def watermark(source: SealSource, *, system_identifier: str) -> Position | None:
    """Return the position up to which ``source`` is sealed by this database's count of transactions, if it is.

    A database with another identifier counts its transactions anew, so positions of the other one say nothing in it.
    """
    elsewhere = Seal.objects.exclude(system_identifier=system_identifier).head()
    last = Seal.objects.filter(source=source.name, number__gt=elsewhere.number if elsewhere else 0).head()
    return (last.last_transaction_id, last.last_row_id) if last else None


def unsealed_pages(
    source: SealSource, *, after: Position | None, limit: int, left_behind: bool = False
) -> Iterator[list[SourceRow]]:
    """Yield up to ``limit`` rows that can be sealed, in order.

    With ``left_behind`` those of transactions that this database has not begun: rows that were not sealed where they
    were written, and came here with a restore.
    """
    while limit > 0:
        which = f"{source.transaction_column} {'>= ' + _XMAX if left_behind else '< ' + _XMIN}"
        page = _rows(
            source,
            source.version,
            f"{which} AND {_no_leaf(source)}",
            [source.name],
            after=after,
            limit=min(limit, PAGE_ROWS),
        )
        if not page:
            return
        yield page
        after = page[-1].position
        limit -= len(page)


def rows_by_id(source: SealSource, version: int, ids: Sequence[str]) -> dict[str, SourceRow]:
    """Return the rows with these ids that are there, encoded as in ``version``."""
    return {row.row_id: row for row in _rows(source, version, f"{source.id_column} = ANY(%s)", [list(ids)])}


def _rows(
    source: SealSource, version: int, where: str, params: list[Any], *, after: Position | None = None, limit: int = 0
) -> list[SourceRow]:
    columns = source.versions[version]
    order = f"{source.transaction_column}, {source.id_column}"
    if after is not None:
        where, params = f"({order}) > (%s, %s) AND {where}", [*after, *params]
    sql = f"SELECT {', '.join(columns)} FROM {source.table} source_row WHERE {where} ORDER BY {order}"  # noqa: S608  (our names)
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} LIMIT {limit}" if limit else sql, params)
        as_json = [column.type_code in _JSON_OIDS for column in cursor.description]
        found = []
        for values in cursor.fetchall():
            named: dict[str, Any] = {
                name: merkle.StoredJson(value) if is_json and value is not None else value
                for name, value, is_json in zip(columns, values, as_json, strict=True)
            }
            found.append(
                SourceRow(
                    transaction_id=named[source.transaction_column],
                    row_id=str(named[source.id_column]),
                    encoded=merkle.encode_row(source.name, version, named),
                )
            )
        return found


def _no_leaf(source: SealSource) -> str:
    # Without the name in front, `id` would be the leaf's own.
    return (
        "NOT EXISTS (SELECT 1 FROM audit_sealedrow sealed "  # noqa: S608  (our names)
        f"WHERE sealed.source = %s AND sealed.row_id = source_row.{source.id_column}::text)"
    )


def waiting(source: SealSource) -> Waiting:
    """Return how many rows of ``source`` are not sealed yet, and since when the oldest waits."""
    after = watermark(source, system_identifier=this_database().system_identifier)
    order = f"{source.transaction_column}, {source.id_column}"
    where, params = _no_leaf(source), [source.name]
    if after is not None:
        where, params = f"({order}) > (%s, %s) AND {where}", [*map(str, after), *params]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), min(waits.at) FROM (SELECT {source.time_column} AS at FROM {source.table} source_row "  # noqa: S608
            f"WHERE {where} ORDER BY {order} LIMIT {MOST_COUNTED}) waits",
            params,
        )
        count, oldest_at = cursor.fetchone()
    return Waiting(source=source.name, count=count, oldest_at=oldest_at)


def first_smuggled(source: SealSource) -> Position | None:
    """Return the first row that stands where no row can have come by itself.

    That is one without a leaf behind the last position sealed, or of a transaction that this database has not begun
    although it has sealed since it is this database.
    """
    after = watermark(source, system_identifier=this_database().system_identifier)
    if after is None:
        return None
    order = f"{source.transaction_column}, {source.id_column}"
    no_leaf = _no_leaf(source)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {source.transaction_column}, {source.id_column}::text FROM {source.table} source_row "  # noqa: S608
            f"WHERE (({order}) <= (%s, %s) OR {source.transaction_column} >= {_XMAX}) AND {no_leaf} "
            f"ORDER BY {order} LIMIT 1",
            [*after, source.name],
        )
        found = cursor.fetchone()
    return (found[0], found[1]) if found else None
