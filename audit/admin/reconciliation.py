"""Reconciliation as windows: what was asked, what does not agree, and the buttons to work on it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.decorators import display

from audit.access import may, may_in_house, may_with
from audit.admin.windows import LABELS, RecordedAdmin, as_json, column, instant, whole_id
from audit.errors import DomainError
from audit.models import Finding, ReconciliationRun
from audit.operations import ask_reconciliation, assign_finding, settle_finding
from audit.reconciliation import label_of
from audit.states import FINDING_TRANSITIONS, RUN_TRANSITIONS, FindingState, RunState

RUN_LABELS = {state: LABELS[colour] for state, colour in RUN_TRANSITIONS.colours.items()}
LOOK_AGAIN_SECONDS = 2
FINDING_LABELS = {state: LABELS[colour] for state, colour in FINDING_TRANSITIONS.colours.items()}


class NoteForm(forms.Form):
    """The words that the next reader needs."""

    note = forms.CharField(max_length=1000)


@admin.register(ReconciliationRun)
class RunAdmin(RecordedAdmin):
    """Runs, each with a line for every check."""

    permission_to_view = "reconciliation.read"
    change_list_template = "admin/audit/reconciliationrun/change_list.html"
    change_form_template = "admin/audit/reconciliationrun/change_form.html"

    list_display = (
        instant("started_at", "Asked"),
        "shown_state",
        column("found", "Found", lambda run: str(sum(result.found for result in run.results.all()))),
        column("program", "Program", lambda run: str(run.program_id) if run.program_id else "Every program"),
        "asked_by",
    )
    list_filter = ("state",)
    search_fields = ("correlation_id__exact",)
    search_help_text = "A correlation id or a whole id"
    id_fields = ("pk", "program_id")
    fields = (
        column("state", "State", lambda run: run.get_state_display()),
        instant("started_at", "Asked"),
        instant("finished_at", "Answered"),
        "asked_by",
        whole_id("program_id", "Program id"),
        whole_id("correlation_id", "Correlation id"),
        whole_id(),
    )
    ordering = ("-id",)

    @display(description="State", label=RUN_LABELS, ordering="state")
    def shown_state(self, run: ReconciliationRun) -> tuple[str, str]:
        return run.state, RunState(run.state).label

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("results")

    def get_urls(self) -> list[URLPattern]:
        ask = path("ask/", self.admin_site.admin_view(self.ask_view), name="audit_reconciliationrun_ask")
        return [ask, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"may_ask": _may_ask(request), **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        run = self.get_object(request, object_id) if self.has_view_permission(request) else None
        runs = run is not None and run.state == RunState.RUNNING
        results = [{"label": label_of(each.name), "result": each} for each in run.results.all()] if run else []
        told = {"results": results, "runs": runs, **(extra_context or {})}
        answer = super().change_view(request, object_id, form_url, told)
        if runs:
            answer["Refresh"] = str(LOOK_AGAIN_SECONDS)
        return answer

    def ask_view(self, request: HttpRequest) -> HttpResponse:
        """Have everything asked now; the answer is the run's page, which shows how far it is."""
        if not _may_ask(request):
            raise PermissionDenied
        if request.method != "POST":
            return redirect("admin:audit_reconciliationrun_changelist")
        try:
            run = ask_reconciliation(at=timezone.now())
        except DomainError as refusal:
            self.message_user(request, str(refusal), messages.WARNING)
            return redirect("admin:audit_reconciliationrun_changelist")
        return redirect("admin:audit_reconciliationrun_change", run.pk)


@admin.register(Finding)
class FindingAdmin(RecordedAdmin):
    """The queue of what does not agree, both sides of each, and what can be done now."""

    permission_to_view = "reconciliation.read"
    change_form_template = "admin/audit/finding/change_form.html"

    list_display = (
        "title",
        "shown_state",
        column("check", "Check", lambda finding: label_of(finding.check_name)),
        instant("first_seen_at", "First seen"),
        column("age", "Open for", lambda finding: _age(finding)),
        "times_seen",
    )
    list_filter = ("state", "check_name")
    search_fields = ("title",)
    search_help_text = "Words of the title, or a whole id"
    id_fields = ("pk", "program_id", "assignee_id")
    fields = (
        column("state", "State", lambda finding: finding.get_state_display()),
        column("check", "Check", lambda finding: label_of(finding.check_name)),
        "note",
        instant("first_seen_at", "First seen"),
        instant("last_seen_at", "Last seen"),
        "times_seen",
        "last_run",
        whole_id("assignee_id", "Taken by"),
        whole_id("program_id", "Program id"),
        as_json("ours", "Ours"),
        as_json("theirs", "Theirs"),
        whole_id(),
    )
    ordering = ("-id",)

    @display(description="State", label=FINDING_LABELS, ordering="state")
    def shown_state(self, finding: Finding) -> tuple[str, str]:
        return finding.state, FindingState(finding.state).label

    def get_urls(self) -> list[URLPattern]:
        take = path("<uuid:pk>/take/", self.admin_site.admin_view(self.take_view), name="audit_finding_take")
        settle = path(
            "<uuid:pk>/settle/<str:how>/", self.admin_site.admin_view(self.settle_view), name="audit_finding_settle"
        )
        return [take, settle, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        finding = self.get_object(request, object_id) if self.has_view_permission(request) else None
        works = finding is not None and may_with(finding, request, "reconciliation.work")
        state = finding.state if finding else ""
        told = {
            "may_take": works and state in (FindingState.OPEN, FindingState.ASSIGNED),
            "may_settle": works and state == FindingState.ASSIGNED,
        }
        return super().change_view(request, object_id, form_url, {**told, **(extra_context or {})})

    def take_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Take the finding."""
        assignee = request.user.pk
        assert assignee is not None  # strangers do not come this far
        return self._do(request, pk, lambda: assign_finding(pk, assignee_id=assignee, at=timezone.now()), "Taken.")

    def settle_view(self, request: HttpRequest, pk: UUID, how: str) -> HttpResponse:
        """Explain the finding, or say that it was mended."""
        states = {"explain": FindingState.EXPLAINED, "resolve": FindingState.RESOLVED}
        form = NoteForm(request.POST)
        if how not in states:
            raise Http404
        if not form.is_valid():
            self.message_user(request, "Say in a few words why: the next reader needs them.", messages.ERROR)
            return redirect("admin:audit_finding_change", pk)
        note = form.cleaned_data["note"]
        return self._do(
            request, pk, lambda: settle_finding(pk, to=states[how], note=note, at=timezone.now()), "Settled."
        )

    def _do(self, request: HttpRequest, pk: UUID, act: Callable[[], object], done: str) -> HttpResponse:
        if not may(request, "reconciliation.work"):
            raise PermissionDenied
        finding = self.get_object(request, str(pk))
        if finding is None:
            raise Http404
        if not may_with(finding, request, "reconciliation.work"):
            raise PermissionDenied
        if request.method == "POST":
            try:
                act()
            except DomainError as refusal:
                self.message_user(request, f"{refusal} Nothing was changed.", messages.ERROR)
            else:
                self.message_user(request, done, messages.SUCCESS)
        return redirect(reverse("admin:audit_finding_change", args=[pk]))


def _may_ask(request: HttpRequest) -> bool:
    # The button asks about every program, which is the house's staff's to do.
    return may_in_house(request, "reconciliation.run")


def _age(finding: Finding) -> str:
    days = (timezone.now() - finding.first_seen_at).days
    return "today" if days == 0 else f"{days} day{'' if days == 1 else 's'}"
