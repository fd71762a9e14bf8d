"""Take a batch of intents for oneself."""

import json
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import connection

from ledger.kinds import Errand, kind_names
from ledger.models.fields import unpacked
from ledger.movements import Asker
from ledger.rules import BATCH, LEASE
from ledger.states import INTENT_TRANSITIONS, IntentState

# Whatever is due longest decides how often its batch was tried before: who has been tried more often is claimed with
# fewer. Kinds that this process does not know are left to those that do.
_CLAIM: Final = """
WITH first AS MATERIALIZED (
    SELECT attempts FROM ledger_intent
    WHERE state = %(waiting)s AND due_at <= statement_timestamp() AND kind = ANY(%(kinds)s)
    ORDER BY due_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
), due AS MATERIALIZED (
    SELECT id FROM ledger_intent
    WHERE state = %(waiting)s AND due_at <= statement_timestamp() AND kind = ANY(%(kinds)s)
      AND attempts = (SELECT attempts FROM first)
    ORDER BY due_at
    LIMIT coalesce((SELECT greatest(%(most)s::integer >> attempts, 1) FROM first), 0)
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE ledger_intent claimed
SET state = %(locked)s, attempts = claimed.attempts + 1, lock_token = %(token)s,
    due_at = statement_timestamp() + %(lease)s
FROM due WHERE claimed.id = due.id
RETURNING claimed.id, claimed.program_id, claimed.kind, claimed.key, claimed.payload, claimed.attempts,
          claimed.actor_type, claimed.actor_id, claimed.correlation_id
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch of errands, and the token that says whose they are."""

    token: UUID
    errands: tuple[Errand, ...]


def claim_intents(*, most: int = BATCH) -> Claim:
    """Claim at most ``most`` of the intents that are due, and count the attempt; each waits for nobody.

    Called outside of a transaction, it has been committed when this returns. Leases are told by the database's clock.
    """
    edge = INTENT_TRANSITIONS.edge(IntentState.PENDING, IntentState.LOCKED)
    assert edge is not None
    token = uuid4()
    asked: dict[str, Any] = {
        "waiting": edge.source, "locked": edge.target, "kinds": kind_names(), "most": most, "token": token,
        "lease": LEASE,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, asked)
        errands = sorted((_errand(row) for row in cursor.fetchall()), key=lambda errand: errand.id.int)
    return Claim(token, tuple(errands))


def _errand(row: tuple[Any, ...]) -> Errand:
    identifier, program_id, kind, key, payload, attempts, actor_type, actor_id, correlation_id = row
    asker = Asker(actor_type, unpacked(bytes(actor_id)), unpacked(bytes(correlation_id)))
    return Errand(
        id=identifier, program_id=program_id, kind=kind, key=key, payload=json.loads(payload), attempts=attempts,
        asker=asker,
    )  # fmt: skip
