"""Make a key for another system."""

import secrets
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from audit.operations import record
from identity import rules
from identity.errors import KeyNeedsProposal, ScopeNotHeld
from identity.models import ApiKey, Membership, Program, User
from identity.queries import check_key


@transaction.atomic
def create_api_key(
    *, program: Program, name: str, scopes: Iterable[str], expires_at: datetime, by: User, at: datetime
) -> tuple[ApiKey, str]:
    """Make a key and return it with its secret, which is stored nowhere and can't be shown again.

    :raises UnknownScope: if a scope is none that a key can carry.
    :raises KeyExpiryOutOfRange: if it would be expired at once, or last longer than the program lets keys last.
    :raises KeyNeedsProposal: if a scope moves money: that takes two people (see ``collect_api_key``).
    :raises ScopeNotHeld: if ``by`` does not hold a scope in ``program``.
    """
    carried = check_key(program=program, scopes=scopes, expires_at=expires_at, at=at)
    moving = rules.MONEY_SCOPES.intersection(carried)
    if moving:
        raise KeyNeedsProposal(scopes=sorted(moving))
    lacking = [
        scope for scope in carried if not Membership.objects.programs_where(by, scope).filter(pk=program.pk).exists()
    ]
    if lacking:
        raise ScopeNotHeld(scopes=lacking)

    secret = secrets.token_urlsafe(rules.SECRET_BYTES)
    key = ApiKey.objects.create(
        program=program,
        name=name,
        prefix=secrets.token_hex(rules.PREFIX_BYTES),
        secret_hash=rules.hash_of(secret),
        scopes=carried,
        created_by=by,
        created_at=at,
        expires_at=expires_at,
    )

    record(
        "identity.api_key.created",
        subject=key,
        at=at,
        program_id=program.pk,
        payload={"name": name, "key_prefix": key.prefix, "scopes": carried, "expires_at": expires_at},
    )
    return key, secret
