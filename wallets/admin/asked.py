"""What every button of the room asks first: whether the person may press it, for this row."""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from audit.access import may, may_with
from audit.admin import RecordedAdmin


class AskedAdmin(RecordedAdmin):
    """A window with buttons."""

    dialog_template: ClassVar[str] = "admin/wallets/dialog.html"

    def asked_for(self, request: HttpRequest, pk: UUID, permission: str) -> Any:
        """Return the row that a button is about.

        :raises PermissionDenied: if the person may press it nowhere, or not in the row's program.
        :raises Http404: if there is no such row in reach.
        """
        if not may(request, permission):
            raise PermissionDenied
        row = self.get_object(request, str(pk))
        if row is None:
            raise Http404
        if not may_with(row, request, permission):
            raise PermissionDenied
        return row

    def dialog(
        self, request: HttpRequest, row: Any, form: Form, *, title: str, about: str, button: str,
        facts: list[tuple[str, str]], back: str, **more: Any,
    ) -> HttpResponse:  # fmt: skip
        """Show what is about to be done, and ask for what it needs."""
        context = {
            **self.admin_site.each_context(request), "title": title, "form": form, "about": about, "button": button,
            "facts": facts, "back": back, "original": row, **more,
        }  # fmt: skip
        return TemplateResponse(request, self.dialog_template, context)

    def refuse(self, request: HttpRequest, refusal: object) -> None:
        """Say why nothing was done."""
        self.message_user(request, f"{refusal} Nothing was changed.", messages.ERROR)
