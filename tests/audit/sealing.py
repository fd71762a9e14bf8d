"""Writing, sealing and tampering, for the tests of seals."""

import json
import time
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from uuid_utils.compat import uuid7

from audit.context import acting_as
from audit.models import Entry, Seal
from audit.operations import seal
from tests.factories import EntryFactory

PATIENCE_SECONDS = 120


def write(count: int = 1) -> list[Entry]:
    """Write lines of the journal, each in a transaction of its own, and wait until they can be sealed."""
    entries: list[Any] = [EntryFactory(payload={"number": number, "rate": "0.10"}) for number in range(count)]
    wait_until_sealable()
    return entries


def write_many(count: int) -> None:
    """Write lines with one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_entry (id, at, actor_type, actor_id, action, subject_type, subject_id, payload, "
            "correlation_id) SELECT gen_random_uuid(), now(), 'user', 'alice', 'identity.program.created', "
            "'identity.program', n, jsonb_build_object('n', n, 'share', 1.10), 'bulk' FROM generate_series(1, %s) n",
            [count],
        )
    wait_until_sealable()


def wait_until_sealable() -> None:
    """Wait until no older transaction runs: transactions of other tests, in other databases here, count too."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        mine = cursor.fetchone()[0]
        while time.monotonic() < deadline:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint > %s", [mine])
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.01)")
    raise AssertionError("another transaction would not end")


def seal_all() -> list[Seal]:
    """Run the job once."""
    with acting_as("test", "pytest"):
        return seal(at=timezone.now())


def verify() -> tuple[int, dict[str, Any]]:
    """Run ``audit_verify --json`` and return its exit code and what it said."""
    said = StringIO()
    code = 0
    try:
        call_command("audit_verify", "--json", stdout=said)
    except SystemExit as end:
        code = int(end.code or 0)
    return code, json.loads(said.getvalue())


def tamper(table: str, statement: str, params: list[Any] | None = None) -> None:
    """Do to ``table`` what only a superuser can: switch its guards off first, foreign keys too."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        cursor.execute(statement, params or [])
        assert cursor.rowcount > 0, "nothing was tampered with"
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
        cursor.execute("SET session_replication_role = DEFAULT")


def new_id() -> str:
    """Return an id for a row that is smuggled in."""
    return str(uuid7())
