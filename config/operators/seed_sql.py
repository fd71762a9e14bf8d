"""The seed as SQL: made once by the operations in a database of its own, then told as INSERT statements.

What comes of them is what the operations made, so nothing is known twice. The statements are for a migrated database
with nothing in it, and run in one transaction, with every constraint and trigger at work. Numbers that the server gives
its transactions are left to the server that reads it.
"""

from collections.abc import Iterator, Sequence
from graphlib import TopologicalSorter
from typing import Any, Final

from django.apps import apps
from django.db import connection
from psycopg.sql import SQL, Composed, Identifier, Literal

ROWS_AT_ONCE: Final = 200
# The server's own, what waits for a worker, and what triggers write by themselves.
_NOT_TOLD: Final = frozenset(
    {"django_migrations", "django_q_ormq", "django_session", "ledger_valuedated", "affiliates_tally"}
)
_OF_THE_SERVER: Final = "pg_current_xact_id()"

_HARD_KEYS: Final = """
SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint
WHERE contype = 'f' AND NOT condeferrable AND conrelid <> confrelid
"""
_COLUMNS: Final = """
SELECT column_name, is_identity = 'YES' FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name = %s AND is_generated = 'NEVER'
  AND position(%s IN coalesce(column_default, '')) = 0
ORDER BY ordinal_position
"""


def known_rows() -> dict[str, set[Any]]:
    """Return the keys of all rows that the migrations have made."""
    return {table: set(_keys(table, key)) for table, key in _tables().items()}


def statements(known: dict[str, set[Any]]) -> Iterator[str]:
    """Yield statements that make every row that is not ``known``, in an order in which they may be made."""
    tables = _tables()
    yield "BEGIN;"
    for table in _in_order(tables):
        yield from _inserts(table, tables[table], known[table])
    yield "COMMIT;"


def _tables() -> dict[str, str]:
    """Return every table with the column of its key."""
    models = apps.get_models(include_auto_created=True)
    wanted = {model._meta.db_table: str(model._meta.pk.column) for model in models if model._meta.managed}
    return {table: key for table, key in wanted.items() if table not in _NOT_TOLD}


def _in_order(tables: dict[str, str]) -> Sequence[str]:
    """Sort tables behind those that their rows have to find when they are written; other keys wait for the commit."""
    with connection.cursor() as cursor:
        cursor.execute(_HARD_KEYS)
        found = {*cursor.fetchall(), *_guarded()}
    graph: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(sorted(tables), ()))
    for table, other in sorted(found):
        if table in tables and other in tables:
            graph.add(table, other)
    return list(graph.static_order())


def _guarded() -> Iterator[tuple[str, str]]:
    """Yield the pairs of tables between which a trigger stands in for a foreign key."""
    for model in apps.get_models():
        for column in model._meta.concrete_fields:
            target = column.related_model
            if isinstance(target, type) and target is not model and not getattr(column, "db_constraint", True):
                yield model._meta.db_table, target._meta.db_table


def _inserts(table: str, key: str, known: set[Any]) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS, [table, _OF_THE_SERVER])
        found = cursor.fetchall()
        columns, numbered = [name for name, _ in found], [name for name, is_identity in found if is_identity]
        # Every value as text: the server reads it back into its column's type.
        told = SQL(", ").join(SQL("{}::text").format(Identifier(name)) for name in columns)
        query = SQL("SELECT {}, {} FROM {} ORDER BY 1").format(Identifier(key), told, Identifier(table))
        cursor.execute(query.as_string(cursor.connection))
        rows = [row[1:] for row in cursor.fetchall() if row[0] not in known]
        for start in range(0, len(rows), ROWS_AT_ONCE):
            yield _said(_insert(table, columns, rows[start : start + ROWS_AT_ONCE], numbered=bool(numbered)))
        for name in numbered if rows else ():
            next_one = SQL("SELECT setval(pg_get_serial_sequence({}, {}), max({})) FROM {};")
            yield _said(next_one.format(Literal(table), Literal(name), Identifier(name), Identifier(table)))


def _insert(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, numbered: bool) -> Composed:
    return SQL("INSERT INTO {} ({}){} VALUES\n{};").format(
        Identifier(table),
        SQL(", ").join(map(Identifier, columns)),
        SQL(" OVERRIDING SYSTEM VALUE" if numbered else ""),
        SQL(",\n").join(SQL("  ({})").format(SQL(", ").join(map(Literal, row))) for row in rows),
    )


def _keys(table: str, key: str) -> Iterator[Any]:
    with connection.cursor() as cursor:
        query = SQL("SELECT {} FROM {}").format(Identifier(key), Identifier(table))
        cursor.execute(query.as_string(cursor.connection))
        yield from (row[0] for row in cursor.fetchall())


def _said(statement: Composed) -> str:
    with connection.cursor() as cursor:
        return statement.as_string(cursor.connection)
