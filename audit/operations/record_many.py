"""Write many lines of the journal in one statement."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from uuid_utils.compat import uuid7

from audit import context
from audit.operations.record import storable

_said: Final = json.JSONEncoder(default=repr).encode  # json.dumps would make an encoder for each line
_INSERT: Final = """
INSERT INTO audit_entry (id, at, actor_type, actor_id, program_id, action, subject_type, subject_id, payload,
                         correlation_id)
SELECT l.i, %s, l.t, l.a, l.p, l.n, l.m, l.s, l.d, l.c
FROM json_to_recordset(%s) AS l (i uuid, t text, a text, p uuid, n text, m text, s text, d jsonb, c text)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What happened to one subject, and for whom, where that is somebody else than whoever acts."""

    action: str
    subject_type: str
    subject_id: str
    payload: Mapping[str, Any]
    program_id: UUID | None = None
    actor: context.Actor | None = None
    correlation_id: str | None = None


def record_many(lines: Sequence[Line], *, at: datetime) -> None:
    """Record ``lines`` as ``record`` would, in the transaction of the changes themselves.

    :raises NoActor: if a line names no actor and none is in context.
    """
    if not lines:
        return
    known: dict[str, dict[str, Any]] = {}  # most of a thousand lines say the same
    rows = [_row(line, known) for line in lines]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [at, json.dumps(rows)])


def _row(line: Line, known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    said = _said(line.payload)
    payload = known.get(said) or known.setdefault(said, storable(line.payload))
    actor = line.actor or context.current().actor
    return {
        "i": str(uuid7()), "t": actor.type, "a": actor.id, "p": line.program_id and str(line.program_id),
        "n": line.action, "m": line.subject_type, "s": line.subject_id, "d": payload,
        "c": line.correlation_id or context.current().correlation_id,
    }  # fmt: skip
