"""Make a key open nothing any more."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import record
from identity.errors import KeyRevoked
from identity.models import ApiKey


@transaction.atomic
def revoke_api_key(key_id: UUID, *, reason: str, at: datetime) -> ApiKey:
    """Revoke the key, for good. One person is enough to stop something.

    :raises KeyRevoked: if it was revoked before.
    """
    key = ApiKey.objects.locked().get(pk=key_id)
    if key.revoked_at is not None:
        raise KeyRevoked

    key.revoked_at = at
    key.save(update_fields=("revoked_at",))

    record(
        "identity.api_key.revoked",
        subject=key,
        at=at,
        program_id=key.program_id,
        payload={"key_prefix": key.prefix, "reason": reason},
    )
    return key
