"""Write down that somebody has made an account."""

from datetime import datetime

from django.db import transaction

from audit.context import acting_as
from audit.operations import record
from identity.models import User


@transaction.atomic
def note_sign_up(*, user: User, provider: str, at: datetime) -> None:
    """Record it as their own doing; ``provider`` says who vouched for them, if anybody did."""
    with acting_as("user", str(user.pk)):
        record("identity.user.created", subject=user, at=at, payload={"provider": provider} if provider else {})
