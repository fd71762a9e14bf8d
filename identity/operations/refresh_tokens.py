"""Go on with a sign-in of the API."""

from datetime import datetime

from django.db import transaction

from audit.context import acting_as
from audit.operations import record
from identity import rules, tokens
from identity.models import RefreshToken, TokenFamily
from identity.operations.issue_tokens import TokenPair, next_pair
from identity.tokens import BadToken


def refresh_tokens(token: str, *, at: datetime) -> TokenPair:
    """Use a refresh token, once, and return the next pair.

    A token that comes a second time is in two hands. Nobody can tell which hand is the thief's, so the whole family
    ends; that is stored although the request is refused.

    :raises BadToken: if the token opens nothing, or was used before.
    """
    claims = tokens.read(token, kind=tokens.REFRESH, at=at)
    with transaction.atomic():
        family = TokenFamily.objects.select_for_update(no_key=True, of=("self",)).filter(pk=claims.family_id).first()
        if family is None or family.revoked_at is not None:
            raise BadToken
        user = family.user
        if user.pk != claims.user_id or not user.is_active or tokens.epoch_of(user) != claims.epoch:
            raise BadToken
        stored = RefreshToken.objects.filter(family=family, jti_hash=rules.hash_of(claims.jti)).first()
        if stored is None:
            raise BadToken

        if stored.used_at is None:
            stored.used_at = at
            stored.save(update_fields=("used_at",))
            return next_pair(family, user=user, at=at)

        family.revoked_at = at
        family.save(update_fields=("revoked_at",))
        with acting_as("service", "token-rotation"):
            record(
                "identity.token_family.revoked",
                subject=family,
                at=at,
                payload={"user": str(user.pk), "reason": "a refresh token was used twice"},
            )
    raise BadToken
