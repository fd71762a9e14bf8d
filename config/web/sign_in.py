"""Who is trying to sign in, as the lock-out counts them."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest


def attempted_email(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str | None:
    """Return the address that is tried, whichever form or backend names it."""
    sent = credentials or {}
    tried = sent.get("email") or sent.get("username") or sent.get("login") or request.POST.get("login")
    return str(tried).strip().lower()[:254] if tried else None


def attempting_address(request: HttpRequest) -> str:
    """Return the network address; TrustedProxyMiddleware has made REMOTE_ADDR the client's."""
    return str(request.META.get("REMOTE_ADDR", ""))
