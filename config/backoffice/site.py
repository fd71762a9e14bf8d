"""The back office: Django's admin, entered through our own sign-in page and by role."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.views import logout as sign_out
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.paginator import InvalidPage
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from unfold.sites import UnfoldAdminSite

from audit.access import may


class BackOffice(UnfoldAdminSite):
    """One site for all staff; what each sees follows from their roles."""

    def has_permission(self, request: HttpRequest) -> bool:
        return may(request, "admin.enter")

    def admin_view(self, view: Callable[..., HttpResponse], cacheable: bool = False) -> Callable[..., HttpResponse]:
        """Guard ``view``: strangers are sent to sign in, people without a role here are told so where they are."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            # The database takes no such character in a text, and most lookups here end in one.
            if "\0" in request.path or any(
                "\0" in text for pair in request.GET.lists() for text in (pair[0], *pair[1])
            ):
                raise BadRequest("A NUL character in the address.")
            return guarded(request, *args, **kwargs)  # type: ignore[no-any-return]

        return inner

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send a stranger to the one sign-in page, and tell a person without a role here so."""
        if request.user.is_authenticated:
            if not self.has_permission(request):
                raise PermissionDenied
            return redirect("admin:index")
        return redirect_to_login(request.GET.get("next") or request.get_full_path())

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Sign out as everywhere in the house: at once when a form asks for it, after a question otherwise."""
        if request.method == "POST":
            return sign_out(request)  # type: ignore[no-any-return]
        return redirect("account_logout")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect("account_change_password")

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Search the names of the screens.

        :raises Http404: if there is no such page of results; the theme's own answer would be a crash.
        """
        try:
            return super().search(request, extra_context)  # type: ignore[no-any-return]
        except (InvalidPage, ValueError) as nowhere:
            raise Http404 from nowhere

    def extra_urls(self) -> list[URLPattern]:
        return [path("operations/", self.admin_view(self.operations), name="operations")]

    def operations(self, request: HttpRequest) -> TemplateResponse:
        """Show the workers, the queues and what runs by the clock."""
        from config.backoffice.operations_page import operations_context

        if not may(request, "operations.read"):
            raise PermissionDenied
        context = {**self.each_context(request), "title": "Workers", **operations_context(now=timezone.now())}
        return TemplateResponse(request, "admin/operations.html", context)
