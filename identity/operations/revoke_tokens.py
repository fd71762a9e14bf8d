"""End a sign-in of the API."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import record
from identity.models import TokenFamily


@transaction.atomic
def revoke_tokens(family_id: UUID, *, reason: str, at: datetime) -> TokenFamily:
    """Make all tokens of the family open nothing; a family that has ended stays as it is."""
    family = TokenFamily.objects.select_for_update(no_key=True, of=("self",)).get(pk=family_id)
    if family.revoked_at is not None:
        return family

    family.revoked_at = at
    family.save(update_fields=("revoked_at",))

    record(
        "identity.token_family.revoked",
        subject=family,
        at=at,
        payload={"user": str(family.user_id), "reason": reason},
    )
    return family
