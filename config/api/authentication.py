"""Who calls: a browser's session, a token, a program's key or the service key.

Whatever is wrong with a credential, the answer is the same: a caller who guesses learns nothing from it.
"""

import secrets
from typing import Any

from django.conf import settings
from django.utils import timezone
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from audit.context import bind
from identity.callers import Caller, KeyCaller, PersonCaller, ServiceCaller
from identity.models import User
from identity.operations import note_key_use
from identity.queries import bearer_of, live_key
from identity.tokens import BadToken

# How a stranger can say who they are.
CHALLENGE = "Session, Bearer, Api-Key"


class _Authentication(authentication.BaseAuthentication):
    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


class AdminKeyAuthentication(_Authentication):
    """``X-Admin-Key``: the service that opens programs and reads."""

    def authenticate(self, request: Request) -> tuple[Any, Caller] | None:
        sent = request.headers.get("X-Admin-Key")
        if sent is None:
            return None
        # Two credentials are two callers; nobody guesses which one is meant.
        if "Authorization" in request.headers:
            raise AuthenticationFailed
        # Every key is compared, so that the time taken does not say which one came close.
        matches = [secrets.compare_digest(sent.encode(), key.encode()) for key in settings.ADMIN_KEYS]
        if not any(matches):
            raise AuthenticationFailed
        caller = ServiceCaller()
        bind(caller.actor)
        return caller, caller


class ApiKeyAuthentication(_Authentication):
    """``Authorization: Api-Key PREFIX.SECRET``: another system, in the key's program."""

    def authenticate(self, request: Request) -> tuple[Any, Caller] | None:
        credential = credential_of(request, "api-key")
        if credential is None:
            return None
        now = timezone.now()
        key = live_key(credential, at=now)
        if key is None:
            raise AuthenticationFailed
        note_key_use(key=key, at=now)
        caller = KeyCaller(key)
        bind(caller.actor, program_id=key.program_id)
        return caller, caller


class TokenAuthentication(_Authentication):
    """``Authorization: Bearer TOKEN``: a person, with an access token of /auth/token."""

    def authenticate(self, request: Request) -> tuple[Any, Caller] | None:
        credential = credential_of(request, "bearer")
        if credential is None:
            return None
        try:
            user, claims = bearer_of(credential, at=timezone.now())
        except BadToken:
            raise AuthenticationFailed from None
        caller = PersonCaller(user, stepped_up_at=claims.stepped_up_at, family=claims.family_id)
        bind(caller.actor)
        return user, caller


class SessionAuthentication(authentication.SessionAuthentication):
    """A browser's session; unlike the framework's own it answers a stranger with 401 and not with 403."""

    def authenticate(self, request: Request) -> tuple[Any, Caller] | None:
        found = super().authenticate(request)
        if found is None:
            return None
        user = found[0]
        assert isinstance(user, User)
        return user, PersonCaller(user)

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def credential_of(request: Request, scheme: str) -> str | None:
    """Return what follows ``scheme`` in the Authorization header; None for another scheme."""
    words = authentication.get_authorization_header(request).decode("latin-1").split()
    if not words or words[0].lower() != scheme:
        return None
    if len(words) != 2:
        raise AuthenticationFailed
    return words[1]
