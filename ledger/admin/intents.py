"""Intents: how far each kind is, what died and why, and another try with a reason."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from unfold.decorators import display

from audit.access import may, may_with
from audit.admin import LABELS, RecordedAdmin, as_json, column, instant, reference, whole_id
from audit.errors import DomainError
from identity.models import Membership, Program
from ledger.kinds import label_of
from ledger.models import Intent, IntentQuerySet, Transaction
from ledger.movements import is_storable
from ledger.operations import retry_intent, retry_intents
from ledger.operations.retry_intent import REASON_AT_MOST
from ledger.queries.intents import progress
from ledger.states import INTENT_TRANSITIONS, IntentState

INTENT_LABELS = {state: LABELS[colour] for state, colour in INTENT_TRANSITIONS.colours.items()}
RETRIED_AT_ONCE = 500


class ReasonForm(forms.Form):
    """Why it should work now."""

    reason = forms.CharField(max_length=REASON_AT_MOST)


class RetryForm(ReasonForm):
    """Which kind, and of it perhaps only what was refused with one code."""

    kind = forms.CharField(max_length=40)
    code = forms.CharField(max_length=100, required=False)


@admin.register(Intent)
class IntentAdmin(RecordedAdmin):
    """What was asked for, and what came of it."""

    permission_to_view = "intent.read"
    change_list_template = "admin/ledger/intent/change_list.html"
    change_form_template = "admin/ledger/intent/change_form.html"

    list_display = (
        column("kind", "What", lambda intent: label_of(intent.kind)),
        "shown_state",
        column("key", "Key", lambda intent: reference(intent.key)),
        column("why", "Why", lambda intent: (intent.error or {}).get("code")),
        "attempts",
        instant("created_at", "Asked"),
        instant("finished_at", "Over"),
    )
    list_filter = ("state", "kind")
    search_fields = ("key__exact",)
    search_help_text = "A whole key or a whole id"
    id_fields = ("pk", "program_id")
    fields = (
        column("kind", "What", lambda intent: label_of(intent.kind)),
        column("state", "State", lambda intent: intent.get_state_display()),
        column("program", "Program", lambda intent: str(_program(intent))),
        column("why", "Why", lambda intent: (intent.error or {}).get("message")),
        column("fault", "What went wrong", lambda intent: intent.fault or None),
        "attempts",
        instant("created_at", "Asked"),
        instant("due_at", "Looked at again"),
        instant("finished_at", "Over"),
        as_json("payload", "What was asked"),
        as_json("result", "Result"),
        as_json("error", "Refusal"),
        column("actor", "For", lambda intent: f"{intent.actor_type} {intent.actor_id}"),
        whole_id("key", "Key"),
        whole_id("correlation_id", "Correlation id"),
        whole_id(),
    )
    ordering = ("-id",)

    @display(description="State", label=INTENT_LABELS, ordering="state")
    def shown_state(self, intent: Intent) -> tuple[str, str]:
        return intent.state, IntentState(intent.state).label

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        try:
            UUID(search_term.strip())
        except ValueError:
            term = search_term.strip()
            return (queryset.with_key(term) if is_storable(term) else queryset.none()) if term else queryset, False
        return super().get_search_results(request, queryset, search_term)

    def get_urls(self) -> list[URLPattern]:
        retry = path("<uuid:pk>/retry/", self.admin_site.admin_view(self.retry_view), name="ledger_intent_retry")
        many = path("retry/", self.admin_site.admin_view(self.retry_many_view), name="ledger_intent_retry_many")
        return [retry, many, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        person: Any = request.user
        dead = sorted(set(_retriable(request).values_list("kind", flat=True)[:10_000]))
        told = {
            "kinds": progress(Intent.objects.for_user(person)),
            "dead_kinds": [(kind, label_of(kind)) for kind in dead],
            "retried_at_once": RETRIED_AT_ONCE,
        }
        return super().changelist_view(request, {**told, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        intent = self.get_object(request, object_id) if self.has_view_permission(request) else None
        told = {"may_retry": intent is not None and _may_retry(request, intent), "reason_at_most": REASON_AT_MOST}
        return super().change_view(request, object_id, form_url, {**told, **(extra_context or {})})

    def retry_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Have a dead intent carried out after all."""
        if not may(request, "intent.retry"):
            raise PermissionDenied
        intent = self.get_object(request, str(pk))
        if intent is None:
            raise Http404
        if not may_with(intent, request, "intent.retry"):
            raise PermissionDenied
        form = ReasonForm(request.POST)
        if request.method != "POST":
            return redirect("admin:ledger_intent_change", pk)
        if not form.is_valid():
            self.message_user(request, "Say in a few words why it should work now.", messages.ERROR)
            return redirect("admin:ledger_intent_change", pk)
        try:
            retry_intent(pk, reason=form.cleaned_data["reason"])
        except DomainError as refusal:
            self.message_user(request, f"{refusal} Nothing was changed.", messages.ERROR)
        else:
            self.message_user(request, "It waits for a worker again.", messages.SUCCESS)
        return redirect("admin:ledger_intent_change", pk)

    def retry_many_view(self, request: HttpRequest) -> HttpResponse:
        """Have the dead intents of a kind carried out after all, the oldest first."""
        if not may(request, "intent.retry"):
            raise PermissionDenied
        form = RetryForm(request.POST)
        if request.method != "POST":
            return redirect("admin:ledger_intent_changelist")
        if not form.is_valid():
            self.message_user(request, "Name the kind, and say why it should work now.", messages.ERROR)
            return redirect("admin:ledger_intent_changelist")
        dead = _retriable(request).filter(kind=form.cleaned_data["kind"])
        if form.cleaned_data["code"]:
            dead = dead.filter(error__code=form.cleaned_data["code"])
        chosen = list(dead.order_by("pk").values_list("pk", flat=True)[:RETRIED_AT_ONCE])
        came = retry_intents(chosen, reason=form.cleaned_data["reason"])
        retried = came.pop("retried", 0)
        self.message_user(
            request,
            f"{retried} {'waits' if retried == 1 else 'wait'} for a worker again."
            + "".join(f" {count} could not: {code}." for code, count in sorted(came.items())),
            messages.WARNING if came or not retried else messages.SUCCESS,
        )
        return redirect("admin:ledger_intent_changelist")

    def ties(self, request: HttpRequest, row: Intent) -> list[tuple[str, str]]:
        if not may(request, "ledger.read"):
            return []
        person: Any = request.user
        booked = (row.result or {}).get("transaction")
        if booked is None or not Transaction.objects.for_user(person).filter(pk=booked).exists():
            return []
        return [("What it booked", reverse("admin:ledger_transaction_change", args=[booked]))]


def _may_retry(request: HttpRequest, intent: Intent) -> bool:
    return intent.state == IntentState.DEAD and may_with(intent, request, "intent.retry")


def _retriable(request: HttpRequest) -> IntentQuerySet:
    person: Any = request.user
    programs = Membership.objects.programs_where(person, "intent.retry")
    dead: IntentQuerySet = Intent.objects.filter(state=IntentState.DEAD, program_id__in=programs)
    return dead


def _program(intent: Intent) -> Program | UUID:
    return Program.objects.filter(pk=intent.program_id).first() or intent.program_id
