"""Write down that somebody who knew the password did not have the second factor."""

from datetime import datetime

from django.db import transaction

from audit.context import acting_as
from audit.operations import record
from identity.models import User


@transaction.atomic
def note_failed_second_factor(*, user: User, at: datetime) -> None:
    """Record it, whatever becomes of the request that it came with."""
    with acting_as("user", str(user.pk)):
        record("identity.user.failed_second_factor", subject=user, at=at)
