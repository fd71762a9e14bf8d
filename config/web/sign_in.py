"""Who is trying to sign in, as the lock-out counts them; and the way to a provider elsewhere and back."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from django.core.exceptions import ImproperlyConfigured
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from requests import RequestException

log = structlog.get_logger("sign_in")


def attempted_email(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str | None:
    """Return the address that is tried, whichever form or backend names it."""
    sent = credentials or {}
    tried = sent.get("email") or sent.get("username") or sent.get("login") or request.POST.get("login")
    return str(tried).strip().lower()[:254] if tried else None


def attempting_address(request: HttpRequest) -> str:
    """Return the network address; TrustedProxyMiddleware has made REMOTE_ADDR the client's."""
    return str(request.META.get("REMOTE_ADDR", ""))


class ProviderMiddleware:
    """Leave for a provider by a page, and come back to one whatever the provider answers."""

    # What a provider that is down, or says what no provider should, makes of the library.
    TROUBLE: Final = (RequestException, ImproperlyConfigured, DataError, KeyError, TypeError, ValueError)

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if _step(request) == "login" and request.method == "POST" and response.status_code == 302:
            # Our content policy lets no form lead elsewhere, and browsers hold redirects of a form to that.
            return render(request, "socialaccount/leave.html", {"url": response["Location"]})
        return response

    def process_exception(self, request: HttpRequest, trouble: Exception) -> HttpResponse | None:
        """Answer with a page that says that the provider failed, not we; anything else goes its way."""
        if _step(request) is None or not isinstance(trouble, self.TROUBLE):
            return None
        log.warning("sign_in.provider.failed", path=request.path, error=f"{type(trouble).__name__}: {trouble}"[:500])
        return render(request, "socialaccount/authentication_error.html", status=502)


def _step(request: HttpRequest) -> str | None:
    """Return on which way the request is: out to a provider, or back; None for all other requests."""
    name = request.resolver_match.url_name if request.resolver_match else None
    provider, _, step = (name or "").rpartition("_")
    return step if provider in ("google", "github", "openid_connect") else None
