"""What people were told, as a window: to whom, when, what came of it, and another try."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils import timezone
from unfold.decorators import display

from audit.access import may, may_with
from audit.admin import LABELS, RecordedAdmin, column, instant, whole_id
from audit.errors import DomainError
from notifications.messages.registry import label_of
from notifications.models import Delivery
from notifications.operations import retry_delivery
from notifications.states import DELIVERY_TRANSITIONS, DeliveryState

DELIVERY_LABELS = {state: LABELS[colour] for state, colour in DELIVERY_TRANSITIONS.colours.items()}


@admin.register(Delivery)
class DeliveryAdmin(RecordedAdmin):
    """Every message, and how it went."""

    permission_to_view = "notification.read"
    called = ("message", "messages")
    change_form_template = "admin/notifications/delivery/change_form.html"

    list_display = (
        "heading",
        column("recipient", "To", lambda delivery: delivery.recipient.email),
        "shown_state",
        column("program", "Program", lambda delivery: str(delivery.program), ordering="program__name"),
        instant("sent_at", "Sent"),
    )
    list_filter = ("state", "message")
    list_select_related = ("program", "recipient")
    search_fields = ("recipient__email", "subject_id__exact")
    search_help_text = "A recipient's address, the id of what it is about, or a whole id"
    fields = (
        "heading",
        column("message", "Message", lambda delivery: label_of(delivery.message)),
        column("recipient", "To", lambda delivery: delivery.recipient.email),
        "program",
        column("state", "State", lambda delivery: delivery.get_state_display()),
        "attempts",
        "last_error",
        instant("created_at", "Planned"),
        instant("due_at", "Due"),
        instant("sent_at", "Sent"),
        whole_id(),
    )
    ordering = ("-id",)

    @display(description="State", label=DELIVERY_LABELS, ordering="state")
    def shown_state(self, delivery: Delivery) -> tuple[str, str]:
        return delivery.state, DeliveryState(delivery.state).label

    def ties(self, request: HttpRequest, row: Delivery) -> list[tuple[str, str]]:
        app_label, _, model_name = row.subject_type.partition(".")
        try:
            about = reverse(f"admin:{app_label}_{model_name}_change", args=[row.subject_id])
        except NoReverseMatch:
            return []
        return [("What it tells of", about)]

    def get_urls(self) -> list[URLPattern]:
        retry = path(
            "<uuid:pk>/retry/", self.admin_site.admin_view(self.retry_view), name="notifications_delivery_retry"
        )
        return [retry, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        delivery = self.get_object(request, object_id) if self.has_view_permission(request) else None
        told = {"may_retry": delivery is not None and _may_retry(request, delivery)}
        return super().change_view(request, object_id, form_url, {**told, **(extra_context or {})})

    def retry_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Let a failed delivery be tried again."""
        if not may(request, "notification.retry"):
            raise PermissionDenied
        delivery = self.get_object(request, str(pk))
        if delivery is None:
            raise Http404
        if not may_with(delivery, request, "notification.retry"):
            raise PermissionDenied
        if request.method == "POST":
            try:
                retry_delivery(pk, at=timezone.now())
            except DomainError as refusal:
                self.message_user(request, f"{refusal} Nothing was changed.", messages.ERROR)
            else:
                self.message_user(request, "It will be tried again within a minute.", messages.SUCCESS)
        return redirect(reverse("admin:notifications_delivery_change", args=[pk]))


def _may_retry(request: HttpRequest, delivery: Delivery) -> bool:
    return delivery.state == DeliveryState.FAILED and may_with(delivery, request, "notification.retry")
