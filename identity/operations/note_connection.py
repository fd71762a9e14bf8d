"""Write down that an account elsewhere opens the account here, or does not any more."""

from datetime import datetime

from django.db import transaction

from audit.operations import record
from identity.models import User


@transaction.atomic
def note_connection(*, user: User, provider: str, is_connected: bool, at: datetime) -> None:
    """Record which provider it is at; who somebody is there is personal."""
    action = "identity.user.account_connected" if is_connected else "identity.user.account_disconnected"
    record(action, subject=user, at=at, payload={"provider": provider})
