"""Make a key that two people agreed on, without its secret."""

import secrets
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from audit.operations import record
from identity import rules
from identity.models import ApiKey, Program, User
from identity.queries import check_key


@transaction.atomic
def prepare_api_key(
    *, program: Program, name: str, scopes: Iterable[str], expires_at: datetime, by: User, at: datetime
) -> ApiKey:
    """Make a key that opens nothing until ``by``, who proposed it, collects its secret: an approval stores no secret.

    :raises UnknownScope: if a scope is none that a key can carry.
    :raises KeyExpiryOutOfRange: if it would be expired at once, or last longer than the program lets keys last.
    """
    carried = check_key(program=program, scopes=scopes, expires_at=expires_at, at=at)

    key = ApiKey.objects.create(
        program=program,
        name=name,
        prefix=secrets.token_hex(rules.PREFIX_BYTES),
        scopes=carried,
        created_by=by,
        created_at=at,
        expires_at=expires_at,
    )

    record(
        "identity.api_key.prepared",
        subject=key,
        at=at,
        program_id=program.pk,
        payload={"name": name, "key_prefix": key.prefix, "scopes": carried, "expires_at": expires_at},
    )
    return key
