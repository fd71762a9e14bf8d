"""Tokens of the API: what they say, how they are signed, and which are refused.

The first of ``settings.JWT_SECRETS`` signs and all verify, so that they rotate. A token also carries a mark of the
credentials it stands on: another password, or a reset of the second factor, and all tokens are void.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import jwt
from django.conf import settings
from django.utils.crypto import salted_hmac

from identity.models import User

ALGORITHM: Final = "HS256"
ACCESS: Final = "access"
REFRESH: Final = "refresh"
ACCESS_LASTS: Final = timedelta(minutes=10)
REFRESH_LASTS: Final = timedelta(days=14)
LASTS: Final = {ACCESS: ACCESS_LASTS, REFRESH: REFRESH_LASTS}
# Clocks of two machines differ by a little.
LEEWAY: Final = timedelta(seconds=10)
LONGEST: Final = 2_048

_CLAIMS: Final = ["sub", "iat", "exp", "jti", "typ", "family", "epoch"]


class BadToken(Exception):
    """Raised for every token that opens nothing. A door answers all of them alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a token says."""

    user_id: UUID
    family_id: UUID
    kind: str
    jti: str
    epoch: str
    stepped_up_at: datetime | None


def epoch_of(user: User) -> str:
    """Return the mark of the user's credentials: it changes with them and says nothing about them."""
    return salted_hmac("identity.tokens.epoch", user.credentials_mark, algorithm="sha256").hexdigest()[:16]


def sign(kind: str, *, user: User, family_id: UUID, at: datetime, stepped_up_at: datetime | None = None) -> str:
    """Return a new token."""
    claims: dict[str, Any] = {
        "sub": str(user.pk),
        "iat": int(at.timestamp()),
        "exp": int((at + LASTS[kind]).timestamp()),
        "jti": secrets.token_urlsafe(16),
        "typ": kind,
        "family": str(family_id),
        "epoch": epoch_of(user),
    }
    if stepped_up_at is not None:
        claims["stepped_up_at"] = int(stepped_up_at.timestamp())
    return jwt.encode(claims, settings.JWT_SECRETS[0], algorithm=ALGORITHM)


def read(token: str, *, kind: str, at: datetime) -> Claims:
    """Return what the token says.

    :raises BadToken: if nobody here signed it, if it is of another kind, expired, or not begun yet.
    """
    said = _verified(token)
    try:
        issued_at, expires_at = _instant(said["iat"]), _instant(said["exp"])
        stepped_up_at = _instant(said["stepped_up_at"]) if "stepped_up_at" in said else None
        claims = Claims(
            user_id=UUID(said["sub"]),
            family_id=UUID(said["family"]),
            kind=str(said["typ"]),
            jti=str(said["jti"]),
            epoch=str(said["epoch"]),
            stepped_up_at=stepped_up_at,
        )
    except (ValueError, TypeError, AttributeError, OverflowError, OSError):
        raise BadToken from None
    if claims.kind != kind or expires_at + LEEWAY <= at or issued_at - LEEWAY > at:
        raise BadToken
    return claims


def _verified(token: str) -> dict[str, Any]:
    if len(token) > LONGEST:
        raise BadToken
    # Times are compared with the caller's clock reading, not with one that the library takes itself.
    options: Any = {"require": _CLAIMS, "verify_exp": False, "verify_iat": False, "verify_nbf": False}
    for secret in settings.JWT_SECRETS:
        try:
            return jwt.decode(token, secret, algorithms=[ALGORITHM], options=options)
        except jwt.InvalidTokenError:
            continue
    raise BadToken


def _instant(seconds: Any) -> datetime:
    if type(seconds) is not int:
        raise TypeError
    return datetime.fromtimestamp(seconds, tz=UTC)
