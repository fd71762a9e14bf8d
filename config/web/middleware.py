"""What every request passes before a view sees it."""

from collections.abc import Callable
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from allauth.usersessions.middleware import UserSessionsMiddleware
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from audit.context import correlation_id, new_correlation_id
from config.api.errors import BodyTooLarge, LengthRequired, refusal_response, unexpected_response

GetResponse = Callable[[HttpRequest], HttpResponse]


class ProbeMiddleware:
    """Answer probes at once: they come by address, not by name, and need neither session nor redirect."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        # Views need the applications, which are not loaded yet where this module is.
        from config.web import health, metrics

        self.probes = {"/healthz": health.healthz, "/readyz": health.readyz, "/metrics": metrics.metrics}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.probes.get(request.path, self.get_response)(request)


class RefusalMiddleware:
    """Have what doors refused written into the journal once the answer has gone."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        from identity.doors import refusals  # likewise

        response = self.get_response(request)
        if refusals.has_noted(request):
            # The server calls these when the last byte is out; the framework has no public name for them.
            response._resource_closers.append(  # type: ignore[attr-defined]
                partial(refusals.journal_refusals, request, correlation_id() or new_correlation_id())
            )
        return response


class SessionActivityMiddleware(UserSessionsMiddleware):
    """Note when and from where a session was last used, once a minute: every request would be a write too many."""

    def __call__(self, request: HttpRequest) -> Any:
        key = request.session.session_key
        if key is None or not cache.add(f"session-seen:{key}", 1, timeout=60):
            return self.get_response(request)
        return super().__call__(request)


class TimeZoneMiddleware:
    """Show people times where they are. The API speaks UTC to everybody."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        zone = None if request.path.startswith(settings.API_PREFIXES) else getattr(request.user, "time_zone", None)
        with timezone.override(zone and ZoneInfo(zone)):
            return self.get_response(request)


class SecurityPolicyMiddleware(CSPMiddleware):
    """A strict content policy everywhere; the admin's and the API docs' own scripts need a wider one."""

    # Alpine in the admin theme evaluates expressions, and charts and editors set styles from code.
    ADMIN = {"script-src": ["'self'", "'unsafe-inline'", "'unsafe-eval'"], "style-src": ["'self'", "'unsafe-inline'"]}
    DOCS = {"style-src": ["'self'", "'unsafe-inline'"]}

    def get_policy_parts(self, request: HttpRequest, response: Any, report_only: bool = False) -> Any:
        if not report_only:
            if request.path.startswith("/admin/"):
                response._csp_update = self.ADMIN
            elif request.path.startswith(settings.API_PREFIXES):
                response._csp_update = self.DOCS
        return super().get_policy_parts(request, response, report_only)


class ApiErrorMiddleware:
    """Below the API's paths even what no view has seen (no such path, a crash) has the API's error body."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        concerned = request.path.startswith(settings.API_PREFIXES) and response.status_code >= 400
        if concerned and response.get("Content-Type", "").startswith("text/html") and not _is_browsable(response):
            return unexpected_response(request, response.status_code)
        return response


def _is_browsable(response: HttpResponse) -> bool:
    # A page of the browsable API shows the error body itself.
    return hasattr(response, "accepted_renderer")


class BodyLimitMiddleware:
    """Refuse a body that is too long, or that does not say how long it is, before anything reads it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
            return refusal_response(request, LengthRequired())
        if not length.isdigit() or int(length) > settings.MAX_BODY_BYTES:
            return refusal_response(request, BodyTooLarge(limit_bytes=settings.MAX_BODY_BYTES))
        return self.get_response(request)
