"""One error body for the whole API: code, message, params, correlation id.

What a context refuses is a DomainError and carries its own code. What the door itself refuses (no such page, a
malformed body, too many requests) is listed here. Both lists are compared with docs/errors.md by a test.
"""

from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from audit.context import correlation_id
from audit.errors import DomainError
from config.api.authentication import CHALLENGE

log = structlog.get_logger("api")


class Malformed(DomainError):
    """Raised when the body or the address can't be read."""

    code = "malformed"
    status = 400
    message = "The request could not be read: {reason}"


class Invalid(DomainError):
    """Raised when fields are missing or make no sense; `params.fields` says which and why."""

    code = "invalid"
    status = 400
    message = "Some fields are missing or make no sense."


class NotAuthenticated(DomainError):
    """Raised when a route needs to know who calls and nobody is signed in, or the credentials are no longer good."""

    code = "not_authenticated"
    status = 401
    message = "Sign in first."


class NotPermitted(DomainError):
    """Raised when the caller is known and may not do this."""

    code = "not_permitted"
    status = 403
    message = "You may not do this."


class CsrfFailed(DomainError):
    """Raised when a change arrives with a session but without that session's CSRF token."""

    code = "csrf_failed"
    status = 403
    message = "The form has expired or came from another site. Load the page again and send it once more."


class NotFound(DomainError):
    """Raised when there is no such thing, or it is not the caller's to see."""

    code = "not_found"
    status = 404
    message = "There is nothing here."


class MethodNotAllowed(DomainError):
    """Raised when the route exists and does not know the method."""

    code = "method_not_allowed"
    status = 405
    message = "This route does not take {method}."


class NotAcceptable(DomainError):
    """Raised when the caller accepts only formats that the route does not have."""

    code = "not_acceptable"
    status = 406
    message = "This route answers in application/json."


class LengthRequired(DomainError):
    """Raised when a body arrives in chunks without a Content-Length."""

    code = "length_required"
    status = 411
    message = "Send the body with a Content-Length."


class BodyTooLarge(DomainError):
    """Raised when a body is longer than the limit; imports have routes of their own."""

    code = "body_too_large"
    status = 413
    message = "The body is longer than {limit_bytes} bytes."


class UnsupportedMediaType(DomainError):
    """Raised when the body is in a format that the route does not read."""

    code = "unsupported_media_type"
    status = 415
    message = "The body is not in a format this route reads: send application/json."


class Throttled(DomainError):
    """Raised when a caller or an address asks too often; `Retry-After` says how long to wait."""

    code = "throttled"
    status = 429
    message = "Too many requests. Try again in {retry_after_seconds} seconds."


class InternalError(DomainError):
    """Raised when we failed: nothing was changed, the correlation id finds the reason in our logs."""

    code = "internal_error"
    status = 500
    message = "Something went wrong on our side, and nothing was changed. Quote the correlation id when you ask."


class DatabaseUnavailable(DomainError):
    """Raised when the database can't be reached; the request is safe to repeat with the same idempotency key."""

    code = "database_unavailable"
    status = 503
    message = "The database can't be reached just now. Try again in a few seconds."


_BY_STATUS: dict[int, type[DomainError]] = {
    refusal.status: refusal for refusal in (NotAuthenticated, NotPermitted, NotFound, InternalError)
}


def body_of(refusal: DomainError) -> dict[str, Any]:
    """Return the error body."""
    return {
        "code": refusal.code,
        "message": str(refusal),
        "params": refusal.params,
        "correlation_id": correlation_id(),
    }


def handle(problem: Exception, context: dict[str, Any]) -> Response | None:
    """Turn whatever a view raised into the error body; DRF calls this.

    A bug is not turned into anything: it rises, is logged with its traceback, and ``unexpected_response`` answers.
    """
    refusal, headers = _refusal_for(problem)
    if refusal is None:
        return None
    set_rollback()
    return Response(body_of(refusal), status=refusal.status, headers=headers)


def _refusal_for(problem: Exception) -> tuple[DomainError | None, dict[str, str]]:
    headers: dict[str, str] = {}
    match problem:
        case DomainError():
            if "retry_after_seconds" in problem.params:
                headers["Retry-After"] = str(problem.params["retry_after_seconds"])
            return problem, headers
        case Http404() | exceptions.NotFound():
            return NotFound(), headers
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            headers["WWW-Authenticate"] = getattr(problem, "auth_header", None) or CHALLENGE
            return NotAuthenticated(), headers
        case exceptions.PermissionDenied() if str(problem.detail).startswith("CSRF Failed"):
            return CsrfFailed(), headers
        case PermissionDenied() | exceptions.PermissionDenied():
            return NotPermitted(), headers
        case exceptions.ValidationError():
            return Invalid(fields=_fields(problem.detail)), headers
        case exceptions.ParseError():
            return Malformed(reason=str(problem.detail)), headers
        case exceptions.MethodNotAllowed():
            return MethodNotAllowed(method=str(_refused_method(problem))), headers
        case exceptions.NotAcceptable():
            return NotAcceptable(), headers
        case exceptions.UnsupportedMediaType():
            return UnsupportedMediaType(), headers
        case exceptions.Throttled():
            wait = max(1, round(getattr(problem, "wait", None) or 1))
            headers["Retry-After"] = str(wait)
            return Throttled(retry_after_seconds=wait), headers
        case OperationalError() | InterfaceError():
            log.exception("api.database_unavailable", exc_info=problem)
            headers["Retry-After"] = "5"
            return DatabaseUnavailable(), headers
        case SuspiciousOperation():
            return Malformed(reason="it was refused as unsafe."), headers
    return None, headers


def _refused_method(problem: exceptions.MethodNotAllowed) -> str:
    """Return the method that was refused: DRF keeps it in its sentence only."""
    return str(problem.detail).split('"')[1] if '"' in str(problem.detail) else "this method"


def _fields(detail: Any) -> dict[str, list[str]]:
    """Flatten DRF's nested details to ``lines.2.amount -> [sentence]``."""
    flat: dict[str, list[str]] = {}

    def walk(node: Any, path: str) -> None:
        if isinstance(node, dict):
            for key, value in node.items():
                name = "" if key == "non_field_errors" else str(key)
                walk(value, ".".join(part for part in (path, name) if part))
        elif isinstance(node, list) and any(isinstance(item, (dict, list)) for item in node):
            for position, item in enumerate(node):
                walk(item, f"{path}.{position}" if path else str(position))
        elif isinstance(node, list):
            flat.setdefault(path or "body", []).extend(str(item) for item in node)
        else:
            flat.setdefault(path or "body", []).append(str(node))

    walk(detail, "")
    return flat


def enveloped(request: HttpRequest, body: dict[str, Any]) -> dict[str, Any]:
    """Wrap the error body where the wallet service's callers expect an envelope."""
    if request.path.startswith(settings.ENVELOPED_PREFIXES):
        return {"success": False, "data": None, "error": body}
    return body


def refusal_response(request: HttpRequest, refusal: DomainError) -> HttpResponse:
    """Answer with ``refusal`` where no view is reached."""
    return JsonResponse(enveloped(request, body_of(refusal)), status=refusal.status)


def unexpected_response(request: HttpRequest, status: int) -> HttpResponse:
    """Answer for a status that something below the views has set."""
    if status in _BY_STATUS:
        return refusal_response(request, _BY_STATUS[status]())
    if status >= 500:
        return refusal_response(request, InternalError())
    return refusal_response(request, Malformed(reason="it was refused before it reached a route."))
