"""Make a token that may do what needs a fresh second factor."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import record
from identity import tokens
from identity.models import TokenFamily, User


@transaction.atomic
def step_up(*, user: User, family_id: UUID, second_factor: str, at: datetime) -> str:
    """Return an access token that says when ``user`` gave a second factor; ``check_second_factor`` has seen it."""
    family = TokenFamily.objects.get(pk=family_id)

    record(
        "identity.token_family.stepped_up",
        subject=family,
        at=at,
        payload={"user": str(user.pk), "second_factor": second_factor},
    )
    return tokens.sign(tokens.ACCESS, user=user, family_id=family_id, at=at, stepped_up_at=at)
