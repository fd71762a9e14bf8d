"""Hand the secret of an approved key to the person who proposed it."""

import secrets
from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import record
from identity import rules
from identity.errors import KeyCollected, KeyRevoked, NotTheMaker
from identity.models import ApiKey, User


@transaction.atomic
def collect_api_key(key_id: UUID, *, by: User, at: datetime) -> tuple[ApiKey, str]:
    """Make the secret of a key that two people agreed on, and return it once; the key works from now on.

    :raises NotTheMaker: if somebody else proposed it.
    :raises KeyRevoked: if it was revoked meanwhile.
    :raises KeyCollected: if it has its secret already.
    """
    key = ApiKey.objects.locked().get(pk=key_id)
    if key.created_by_id != by.pk:
        raise NotTheMaker
    if key.revoked_at is not None:
        raise KeyRevoked
    if key.secret_hash:
        raise KeyCollected

    secret = secrets.token_urlsafe(rules.SECRET_BYTES)
    key.secret_hash = rules.hash_of(secret)
    key.save(update_fields=("secret_hash",))

    record(
        "identity.api_key.collected",
        subject=key,
        at=at,
        program_id=key.program_id,
        payload={"key_prefix": key.prefix},
    )
    return key, secret
