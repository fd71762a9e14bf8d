"""Refuse to send anything while it is stopped."""

from typing import Final
from uuid import UUID

from django.db import transaction

from identity.rules import HOUSE_SLUG
from payouts.errors import Stopped
from payouts.models import Brake

# Django can't share a lock. Many send at once, and whoever pulls a brake waits for all of them.
_SHARED: Final = """
SELECT brake.* FROM payouts_brake AS brake JOIN identity_program AS program ON program.id = brake.program_id
WHERE brake.program_id = %s OR program.slug = %s ORDER BY brake.program_id FOR SHARE OF brake
"""


def require_running(program_id: UUID) -> None:
    """Share the locks of the brakes, and refuse if one is pulled: until this transaction ends nobody can pull one.

    :raises Stopped: if one is.
    """
    for brake in Brake.objects.raw(_SHARED, [program_id, HOUSE_SLUG]):
        if brake.is_on:
            raise Stopped(since=brake.changed_at.isoformat(), reason=brake.reason)


@transaction.atomic
def is_running(program_id: UUID) -> bool:
    """Whether nothing is stopped at this moment: for what was let go already, and is sent again as it was."""
    try:
        require_running(program_id)
    except Stopped:
        return False
    return True
