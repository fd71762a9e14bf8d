"""API keys: which there are, what they carry, when they were last used, and the end of one."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from unfold.decorators import display

from audit.access import may
from audit.admin import LABELS, RecordedAdmin, column, instant, whole_id
from audit.errors import DomainError
from identity.admin.proposals import ReasonForm
from identity.admin.shown import person_of
from identity.models import ApiKey, Membership
from identity.operations import revoke_api_key
from identity.states import KeyCondition

KEY_LABELS = {
    KeyCondition.LIVE: LABELS["good"],
    KeyCondition.UNCOLLECTED: LABELS["warn"],
    KeyCondition.EXPIRED: LABELS["neutral"],
    KeyCondition.REVOKED: LABELS["bad"],
}


@admin.register(ApiKey)
class ApiKeyAdmin(RecordedAdmin):
    """Keys with which other systems call. No secret is here: none is stored."""

    permission_to_view = "key.read"
    called = ("API key", "API keys")

    list_display = (
        "name",
        "prefix",
        "program",
        column("scopes", "May", lambda key: ", ".join(key.scopes)),
        "shown_condition",
        instant("expires_at", "Expires"),
        instant("last_used_at", "Last used"),
    )
    list_select_related = ("program",)
    search_fields = ("name", "prefix__exact", "created_by__email__exact", "program__slug__exact")
    search_help_text = "A name, a prefix, its maker's address, a program's slug or a whole id"
    id_fields = ("pk", "program", "created_by")
    linked_lookups = ("program__id__exact",)
    fields = (
        "name",
        "prefix",
        "program",
        column("scopes", "May", lambda key: ", ".join(key.scopes)),
        column("condition", "State", lambda key: key.condition(at=timezone.now()).label),
        "created_by",
        instant("created_at", "Made"),
        instant("expires_at", "Expires"),
        instant("last_used_at", "Last used"),
        instant("revoked_at", "Revoked"),
        whole_id(),
    )
    ordering = ("-id",)
    change_form_template = "admin/identity/apikey/change_form.html"

    @display(description="State", label=KEY_LABELS)
    def shown_condition(self, key: ApiKey) -> tuple[str, str]:
        condition = key.condition(at=timezone.now())
        return condition, condition.label

    def get_urls(self) -> list[URLPattern]:
        revoke = path("<uuid:pk>/revoke/", self.admin_site.admin_view(self.revoke_view), name="identity_apikey_revoke")
        return [revoke, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        key = self.get_object(request, object_id) if self.has_view_permission(request) else None
        told = {"may_revoke": key is not None and key.revoked_at is None and _may_revoke(request, key)}
        return super().change_view(request, object_id, form_url, {**told, **(extra_context or {})})

    def revoke_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Make the key open nothing any more."""
        if not may(request, "key.manage"):
            raise PermissionDenied
        key = get_object_or_404(self.get_queryset(request), pk=pk)
        if not _may_revoke(request, key):
            raise PermissionDenied
        form = ReasonForm(request.POST)
        if request.method == "POST" and form.is_valid():
            try:
                revoke_api_key(pk, reason=form.cleaned_data["reason"], at=timezone.now())
            except DomainError as refusal:
                messages.error(request, f"{refusal} Nothing was changed.")
            else:
                messages.success(request, f"{key.name} opens nothing any more.")
        return redirect("admin:identity_apikey_change", pk)


def _may_revoke(request: HttpRequest, key: ApiKey) -> bool:
    return key.program_id in Membership.objects.programs_where(person_of(request), "key.manage")
