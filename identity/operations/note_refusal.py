"""Write down that somebody was refused."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection, models, transaction

from audit import context
from audit.models import Entry
from audit.operations import record
from audit.rules import first_id_at

# Who tries the same thing again and again, or tries many, leaves a trace and fills no disk.
EVERY: Final = timedelta(minutes=1)
LINES_AT_MOST: Final = 30


@transaction.atomic(durable=True)
def note_refusal(
    action: str, *, subject: models.Model, program_id: UUID | None, code: str, reason: str, at: datetime
) -> None:
    """Record it, whatever became of the request that it came with.

    The same thing is recorded once a minute for each caller, and no more than thirty things of one kind a minute.
    """
    actor = context.current().actor
    with connection.cursor() as cursor:
        # The same caller may be refused in several processes at once.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"refusals:{actor.type}:{actor.id}"])
    lately = Entry.objects.filter(
        actor_type=actor.type, actor_id=actor.id, action=action, id__gte=first_id_at(at - EVERY), at__gt=at - EVERY
    ).values_list("subject_type", "subject_id", "payload__code")[:LINES_AT_MOST]
    known = set(lately)
    if len(lately) >= LINES_AT_MOST or (subject._meta.label_lower, str(subject.pk), code) in known:
        return

    record(action, subject=subject, at=at, program_id=program_id, payload={"code": code, "reason": reason})
