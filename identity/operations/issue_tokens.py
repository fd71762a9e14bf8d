"""Begin a sign-in of the API."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from audit.operations import record
from identity import rules, tokens
from identity.models import RefreshToken, TokenFamily, User


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a caller goes on with."""

    access: str
    refresh: str


@transaction.atomic
def issue_tokens(*, user: User, second_factor: str, at: datetime) -> TokenPair:
    """Begin a family of tokens for somebody who has just proven who they are; ``second_factor`` names the kind."""
    family = TokenFamily.objects.create(user=user, created_at=at)
    pair = next_pair(family, user=user, at=at)

    record(
        "identity.token_family.begun",
        subject=family,
        at=at,
        payload={"user": str(user.pk), "second_factor": second_factor},
    )
    return pair


def next_pair(family: TokenFamily, *, user: User, at: datetime) -> TokenPair:
    """Return the family's next tokens. The caller is in a transaction, and holds the family's lock if it is not new."""
    refresh = tokens.sign(tokens.REFRESH, user=user, family_id=family.pk, at=at)
    RefreshToken.objects.create(
        family=family,
        jti_hash=rules.hash_of(tokens.read(refresh, kind=tokens.REFRESH, at=at).jti),
        created_at=at,
        expires_at=at + tokens.REFRESH_LASTS,
    )
    return TokenPair(access=tokens.sign(tokens.ACCESS, user=user, family_id=family.pk, at=at), refresh=refresh)
