"""Ask for something that workers carry out."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ledger.operations.create_intents import Created, Wanted, create_intents


def create_intent(
    kind: str, *, program_id: UUID, key: str, payload: Mapping[str, Any], is_callers_key: bool = False
) -> Created:
    """Create an intent, or return the one that its key asked for before, marked as a replay.

    :raises BadIntentPayload: if it could never be carried out.
    :raises BadIntentKey: if ``key`` can't be one.
    :raises IntentKeyConflict: if the key was used for something else.
    """
    wanted = Wanted(kind=kind, program_id=program_id, key=key, payload=payload, is_callers_key=is_callers_key)
    return create_intents([wanted])[0]
