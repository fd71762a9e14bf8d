"""Do work under a key, once."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from identity import rules
from identity.errors import IdempotencyMismatch
from identity.models import IdempotencyRecord, Program

_INSERT: Final = """
INSERT INTO identity_idempotencyrecord (id, program_id, caller, route, key, fields, created_at)
VALUES (%s, %s, %s, %s, %s, %s::jsonb, %s) ON CONFLICT DO NOTHING
"""
_KEEP: Final = "UPDATE identity_idempotencyrecord SET status = %s, body = %s::jsonb WHERE id = %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a request is answered with, and what is kept of that for its replays."""

    status: int
    body: Any
    kept: Any
    replayed: bool = False


@transaction.atomic
def run_once(
    key: str,
    *,
    program: Program | None,
    caller: str,
    route: str,
    fields: Mapping[str, str],
    work: Callable[[], Outcome],
    at: datetime,
) -> Outcome:
    """Return what ``work`` comes to, or what it came to when the key was first used.

    ``work`` undoes what it did when it refuses. What it raises undoes everything, the key's row too.

    :raises IdempotencyMismatch: if the key was used for another request.
    """
    of_key = {"program": program, "caller": caller, "route": route, "key": key}
    while True:
        record = IdempotencyRecord(**of_key, fields=dict(fields), created_at=at)
        if _is_first(record):
            break
        first = IdempotencyRecord.objects.filter(**of_key).first()
        if first is None:  # it was old, and was removed just now
            continue
        differing = rules.differing_fields(first.fields, fields)
        if differing:
            raise IdempotencyMismatch(fields=differing)
        assert first.status is not None
        return Outcome(status=first.status, body=first.body, kept=first.body, replayed=True)

    outcome = work()

    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [outcome.status, json.dumps(outcome.kept), record.pk])
    return outcome


def _is_first(record: IdempotencyRecord) -> bool:
    """Insert the key's row, unless there is one. A twin waits here until the first one's transaction has ended."""
    # In one statement: a savepoint to catch the conflict in would be two more, of every request that moves something.
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [record.pk, record.program_id, record.caller, record.route, record.key, json.dumps(record.fields),
             record.created_at],
        )  # fmt: skip
        return bool(cursor.rowcount)
