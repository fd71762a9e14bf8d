"""Do work under a key, once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from identity import rules
from identity.errors import IdempotencyMismatch
from identity.models import IdempotencyRecord, Program


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
        try:
            with transaction.atomic():
                record.save(force_insert=True)  # a twin waits here until the first one's transaction has ended
            break
        except IntegrityError:
            first = IdempotencyRecord.objects.filter(**of_key).first()
            if first is None:  # it was old, and was removed just now
                continue
            differing = rules.differing_fields(first.fields, fields)
            if differing:
                raise IdempotencyMismatch(fields=differing) from None
            assert first.status is not None
            return Outcome(status=first.status, body=first.body, kept=first.body, replayed=True)

    outcome = work()

    record.status, record.body = outcome.status, outcome.kept
    record.save(update_fields=("status", "body"))
    return outcome
