"""Every request gets a correlation id, an actor and one log line."""

import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from audit.context import Actor, Context, accepted_correlation_id, acting

log = structlog.get_logger("request")

# Probes come every few seconds and say nothing worth a line.
_QUIET = ("/healthz", "/health", "/readyz", "/metrics", "/static/")


class RequestContextMiddleware:
    """Enter the request's context, and say what came of it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        def find_actor() -> Actor | None:
            user = getattr(request, "user", None)
            return Actor("user", str(user.pk)) if user is not None and user.is_authenticated else None

        began = time.perf_counter()
        context = Context(
            find_actor=find_actor,
            correlation_id=accepted_correlation_id(request.headers.get("X-Correlation-ID")),
        )
        with acting(context):
            response = self.get_response(request)
            response["X-Correlation-ID"] = context.correlation_id
            if not request.path.startswith(_QUIET):
                log.info(
                    "request.finished",
                    method=request.method,
                    path=request.path,
                    status=response.status_code,
                    milliseconds=round((time.perf_counter() - began) * 1000, 1),
                    address=request.META.get("REMOTE_ADDR"),
                )
        return response
