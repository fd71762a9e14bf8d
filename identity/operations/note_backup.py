"""Write down that the house was backed up."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.models import Entry
from audit.operations import record
from identity import rules
from identity.models import Program


@transaction.atomic
def note_backup(*, said: Mapping[str, Any], at: datetime) -> Entry:
    """Record it about the house, where operators and auditors look for the last one."""
    house = Program.objects.get(slug=rules.HOUSE_SLUG)
    return record("identity.backup.taken", subject=house, at=at, payload=said, program_id=house.pk)
