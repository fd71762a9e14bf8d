"""The front door, and what people see when a page fails."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.loader import render_to_string

from audit.context import correlation_id
from identity.portal.views.ways import way_back


@login_required
def home(request: HttpRequest) -> HttpResponseRedirect:
    """Send people back to where they had to sign in, else staff to the back office and all others to their portal."""
    back = way_back(request, "sign_in")
    if back is not None:
        return redirect(back)
    return redirect("admin:index" if request.user.may("admin.enter") else "portal:overview")  # type: ignore[union-attr]


def _error_page(status: int, *, page: str = "") -> HttpResponse:
    # No context processors: whatever broke the page must not break the page that says so.
    body = render_to_string(f"errors/{page or status}.html", {"correlation_id": correlation_id()})
    return HttpResponse(body, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400."""
    return _error_page(400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    return _error_page(403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    return _error_page(404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500."""
    return _error_page(500)


def csrf_failure(request: HttpRequest, reason: str = "", **_: Any) -> HttpResponse:
    """Answer a form that expired or came from another site."""
    return _error_page(403, page="403_csrf")
