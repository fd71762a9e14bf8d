"""Write one line of the journal."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models

from audit import context, rules
from audit.models import Entry


def record(
    action: str,
    *,
    subject: models.Model,
    at: datetime,
    payload: Mapping[str, Any] | None = None,
    program_id: UUID | None = None,
) -> Entry:
    """Record that ``action`` happened to ``subject``, in the transaction of the change itself.

    Secrets and personal data in the payload are hidden by their names; a payload that is too long is cut to its names,
    because a journal that refuses to record would stop the house.

    :raises NoActor: if no actor is in context.
    """
    now = context.current()
    return Entry.objects.create(
        at=at,
        actor_type=now.actor.type,
        actor_id=now.actor.id,
        program_id=program_id or now.program_id,
        action=action,
        subject_type=subject._meta.label_lower,
        subject_id=str(subject.pk),
        payload=storable(payload or {}),
        correlation_id=now.correlation_id,
    )


def storable(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``payload`` as it may stand in the journal."""
    hidden = rules.redacted(payload)
    if len(json.dumps(hidden)) <= rules.LONGEST_PAYLOAD:
        return dict(hidden)
    return {"cut": True, "names": sorted(hidden)[:50]}
