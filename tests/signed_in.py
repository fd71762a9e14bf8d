"""Sessions of people who have just shown a second factor, as the sign-in library records it."""

import time
from typing import TypeVar

from django.test import Client

from identity.models import User

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"

Clientele = TypeVar("Clientele", bound=Client)


def with_second_factor(client: Clientele, user: User, *, seconds_ago: int = 0) -> Clientele:
    """Sign ``user`` in, a second factor shown ``seconds_ago``."""
    client.force_login(user, backend=BACKEND)
    session = client.session
    session["account_authentication_methods"] = [{"method": "mfa", "at": time.time() - seconds_ago, "type": "totp"}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return client
