"""What a person does with a row, in a window: one button for each act, and a reason with each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from audit.access import may_with
from audit.errors import DomainError
from wallets.admin.asked import AskedAdmin
from wallets.admin.forms import ReasonForm


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What can be done: the word in its address, what it means, who may, and from which states."""

    name: str
    title: str
    text: str
    button: str
    permission: str
    states: frozenset[str]


class ActsAdmin(AskedAdmin):
    """Windows with acts that take a reason, shown to whom may do them, in the states they can be done from."""

    acts: tuple[Act, ...]

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                f"<uuid:pk>/{act.name}/",
                self.admin_site.admin_view(self._view_of(act)),
                name=f"{self._screen}_{act.name}",
            )
            for act in self.acts
        ]
        return [*own, *super().get_urls()]

    @property
    def _screen(self) -> str:
        return f"{self.model._meta.app_label}_{self.model._meta.model_name}"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id) if self.has_view_permission(request) else None
        acts = [
            (act, reverse(f"admin:{self._screen}_{act.name}", args=[row.pk]))
            for act in self.acts
            if row is not None
            and row.state in act.states
            and self.fits(act.name, row)
            and may_with(row, request, act.permission)
        ]
        return super().change_view(request, object_id, form_url, {"acts": acts, **(extra_context or {})})

    def _view_of(self, act: Act) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, pk: UUID) -> HttpResponse:
            row = self.asked_for(request, pk, act.permission)
            page = redirect(f"admin:{self._screen}_change", pk)
            if request.method != "POST":
                return page
            form = ReasonForm(request.POST)
            if not form.is_valid():
                self.message_user(request, "Say in a few words why.", messages.ERROR)
                return page
            try:
                said = self.do(act.name, request, row, form.cleaned_data["reason"])
            except DomainError as refusal:
                self.message_user(request, f"{refusal} Nothing was changed.", messages.ERROR)
            else:
                self.message_user(request, said, messages.SUCCESS)
            return page

        return view

    def fits(self, act: str, row: Any) -> bool:
        """Whether it makes sense for this row, and so is shown. The operation has the last word."""
        return True

    def do(self, act: str, request: HttpRequest, row: Any, reason: str) -> str:
        """Do it, and return what to say of it."""
        raise NotImplementedError
