"""Write down that many rows leave the house at once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models, transaction

from audit.operations import record
from identity.models import Program


@transaction.atomic(durable=True)
def note_export(
    of: type[models.Model], *, program: Program, count: int, narrowed_by: Mapping[str, Any], at: datetime
) -> None:
    """Record an export before its first row leaves: one that breaks off half-way has handed out half.

    A door of exports calls this, and says ``exports = True`` of itself.
    """
    called = str(of._meta.verbose_name_plural)
    record(
        "identity.data.exported",
        subject=program,
        at=at,
        program_id=program.pk,
        payload={"of": of._meta.label_lower, "called": called, "count": count, "narrowed_by": dict(narrowed_by)},
    )
