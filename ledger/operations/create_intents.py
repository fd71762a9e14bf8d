"""Ask for many things that workers carry out."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit import context
from audit.operations import record_many
from audit.operations.record_many import Line
from identity.rules import is_reserved_key
from ledger.errors import BadIntentKey, BadIntentPayload, IntentKeyConflict
from ledger.kinds import kind_named
from ledger.models import Intent
from ledger.movements import KEY_AT_MOST, canonical, is_storable
from ledger.operations.nudge_intents import nudge_intents

PAYLOAD_BYTES_AT_MOST: Final = 64 * 1024
COLLISIONS_AT_MOST: Final = 5

Key = tuple[UUID, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An intent as it is asked for. A caller's own key can't look like one of the house's."""

    kind: str
    program_id: UUID
    key: str
    payload: Mapping[str, Any]
    is_callers_key: bool = False


@dataclass(frozen=True, slots=True)
class Created:
    """What came of it: the intent, and whether an earlier one is meant."""

    intent: Intent
    is_replay: bool


@transaction.atomic
def create_intents(wanted: Sequence[Wanted]) -> list[Created]:
    """Create intents, all or none, and nudge a worker in the same transaction.

    What its key asked for before is returned as a replay, whatever state it is in; a dead intent holds its key no more.

    :raises BadIntentPayload: if one could never be carried out.
    :raises BadIntentKey: if one's key can't be one.
    :raises IntentKeyConflict: if one's key was used for something else.
    """
    acting = context.current()
    asked = [_examined(one, acting) for one in wanted]
    first: dict[Key, Intent] = {}
    for intent in asked:
        first.setdefault((intent.program_id, intent.key), intent)

    held = _placed(first)
    outcomes = [_outcome(intent, held[intent.program_id, intent.key]) for intent in asked]

    new = [one.intent for one in outcomes if not one.is_replay]
    if new:
        at = timezone.now()
        record_many([_line(intent) for intent in new], at=at)
        nudge_intents()
    return outcomes


def _examined(wanted: Wanted, acting: context.Context) -> Intent:
    kind, key = kind_named(wanted.kind), wanted.key
    if not 0 < len(key) <= KEY_AT_MOST:
        raise BadIntentKey(reason=f"it has 1 to {KEY_AT_MOST} characters")
    if not is_storable(key):
        raise BadIntentKey(reason="it holds what can't be stored as text")
    # A context makes keys of its own kind, and passes on those of callers; neither may answer for another kind.
    if is_reserved_key(key) and (wanted.is_callers_key or not key.startswith(f"{kind.name}:")):
        raise BadIntentKey(reason="it begins like the house's own")
    try:
        text = canonical(kind.examine(wanted.payload))
    except ValueError as unfit:
        raise BadIntentPayload(fields={"": ["Holds what can't be stored."]}) from unfit
    if len(text.encode()) > PAYLOAD_BYTES_AT_MOST:
        raise BadIntentPayload(fields={"": [f"Longer than {PAYLOAD_BYTES_AT_MOST} bytes."]})
    return Intent(
        program_id=wanted.program_id, key=key, kind=kind.name, payload=json.loads(text),
        fingerprint=hashlib.sha256(f"{kind.name}\x1f{text}".encode()).digest()[:16],
        actor_type=acting.actor.type, actor_id=acting.actor.id, correlation_id=acting.correlation_id,
    )  # fmt: skip


def _placed(first: Mapping[Key, Intent]) -> dict[Key, Intent]:
    """Write those whose keys nobody holds, and return who holds each key now."""
    held: dict[Key, Intent] = {}
    for _ in range(COLLISIONS_AT_MOST):
        missing = [key for key in sorted(first) if key not in held]  # two that want the same keys wait in one order
        if not missing:
            break
        Intent.objects.bulk_create([first[key] for key in missing], ignore_conflicts=True)
        for program_id in sorted({program_id for program_id, _ in missing}):
            keys = [key for program, key in missing if program == program_id]
            held |= {(program_id, one.key): one for one in Intent.objects.holding(program_id, keys)}
        # Whose key was held by one that died in between is written in the next round.
    return held


def _outcome(asked: Intent, held: Intent) -> Created:
    if bytes(held.fingerprint) != bytes(asked.fingerprint):
        raise IntentKeyConflict(key=asked.key, fields=_differing(asked, held))
    return Created(held, is_replay=held.pk != asked.pk)


def _differing(asked: Intent, held: Intent) -> str:
    names = {"kind"} if asked.kind != held.kind else set()
    one, other = asked.payload, held.payload
    names |= {name for name in {*one, *other} if one.get(name, _differing) != other.get(name, _differing)}
    return ", ".join(sorted(names)) or "payload"


def _line(intent: Intent) -> Line:
    return Line(
        action="ledger.intent.created", subject_type="ledger.intent", subject_id=str(intent.pk),
        program_id=intent.program_id, payload={"kind": intent.kind, "fingerprint": bytes(intent.fingerprint).hex()},
    )  # fmt: skip
