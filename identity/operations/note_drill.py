"""Write down how a restore drill ended."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.models import Entry
from audit.operations import record
from identity import rules
from identity.models import Program


@transaction.atomic
def note_drill(*, passed: bool, said: Mapping[str, Any], at: datetime) -> Entry:
    """Record about the house whether a backup could be restored and was whole."""
    house = Program.objects.get(slug=rules.HOUSE_SLUG)
    action = "identity.drill.passed" if passed else "identity.drill.failed"
    return record(action, subject=house, at=at, payload=said, program_id=house.pk)
