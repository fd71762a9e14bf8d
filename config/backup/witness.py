"""What a database holds at a moment, in a form that can be asked of a copy of it later.

Rows come and go while one counts. What has a transaction in each row is counted below the oldest transaction that runs:
those have ended, so a copy that was restored to this moment or a later one holds exactly as many. Other final tables
only grow, and the copy must hold no fewer.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from audit.sources import registered_sources
from config.postgres.roles import final_tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """What was there."""

    at: str
    below: int  # every transaction with a lower number had ended
    rows: dict[str, int]  # of each sealed source, written by those transactions
    final: dict[str, int]  # rows of each final table
    seal: int | None = None
    seal_hash: str | None = None

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.at)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def bear_witness(connection: Connection[Any]) -> Witness | None:
    """Count what is there now; None in a database that has no journal yet."""
    # One snapshot for everything; its moment is asked for after it was taken, so it lies behind every commit in it.
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        known = {name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
        if "audit_seal" not in known:
            return None
        below, at = _one(connection, "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, clock_timestamp()")
        head = connection.execute("SELECT number, hash FROM audit_seal ORDER BY number DESC LIMIT 1").fetchone()
        return Witness(
            at=at.isoformat(),
            below=below,
            rows={source.name: _rows(connection, source.table, source.transaction_column, below)
                  for source in registered_sources() if source.table in known},
            final={table: _one(connection, SQL("SELECT count(*) FROM {}").format(Identifier(table)))[0]
                   for table in final_tables() if table in known},
            seal=head[0] if head else None,
            seal_hash=head[1] if head else None,
        )  # fmt: skip


def differences(connection: Connection[Any], witness: Witness) -> list[str]:
    """Return in sentences what the database of ``connection`` lacks of what was witnessed."""
    found = []
    tables = {source.name: source for source in registered_sources()}
    for name, expected in witness.rows.items():
        if name in tables:
            held = _rows(connection, tables[name].table, tables[name].transaction_column, witness.below)
            if held != expected:
                found.append(f"{name}: {held:,} rows of finished transactions, {expected:,} were there")
    for table, expected in witness.final.items():
        held = _one(connection, SQL("SELECT count(*) FROM {}").format(Identifier(table)))[0]
        if held < expected:
            found.append(f"{table}: {held:,} rows, {expected:,} were there")
    if witness.seal is not None:
        row = connection.execute("SELECT hash FROM audit_seal WHERE number = %s", [witness.seal]).fetchone()
        if row is None:
            found.append(f"seal {witness.seal} was there and is missing")
        elif row[0] != witness.seal_hash:
            found.append(f"seal {witness.seal} has another hash than it had")
    return found


def _rows(connection: Connection[Any], table: str, column: str, below: int) -> int:
    query = SQL("SELECT count(*) FROM {} WHERE {} < %s").format(Identifier(table), Identifier(column))
    row = connection.execute(query, [below]).fetchone()
    assert row is not None
    return int(row[0])


def _one(connection: Connection[Any], query: Any) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(query).fetchone()
    assert row is not None
    return row
