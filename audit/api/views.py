"""Doors of the API into audit, before somebody says who may pass them: see the package."""

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Final
from uuid import UUID

from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from audit.api.filters import EntryFilter, FindingFilter, RunFilter
from audit.api.serializers import AssignInput, EntryOutput, FindingOutput, NoteInput, ReconcileInput, RunOutput
from audit.models import Entry, Finding, ReconciliationRun
from audit.operations import ask_reconciliation, assign_finding, settle_finding
from audit.states import FindingState, RunState

# A waiting request holds a thread of the web server.
WAIT_AT_MOST: Final = 20
LOOK_EVERY: Final = 0.2


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 4 and int(text) <= WAIT_AT_MOST):
        raise ValidationError({"wait": [f"A whole number of seconds from 0 to {WAIT_AT_MOST}."]})
    return int(text)


class Reach(ABC):
    """What the composition root adds: rows and programs that the caller may reach."""

    request: Any

    @abstractmethod
    def in_reach(self, rows: Any, permission: str) -> Any:
        """Narrow ``rows`` to those of programs where the caller holds ``permission``."""

    @abstractmethod
    def reaches(self, program_id: UUID | None, permission: str) -> bool:
        """Whether the caller holds ``permission`` there; None is the house."""


class JournalViews(Reach, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Entry]):
    """The journal: who did what to which subject, when, under which correlation id."""

    queryset = Entry.objects.all()
    serializer_class = EntryOutput
    filterset_class = EntryFilter
    lookup_value_converter = "uuid"
    ordering: ClassVar = ("-id",)
    permissions: ClassVar[Mapping[str, str]] = {"list": "journal.read", "retrieve": "journal.read"}

    def get_queryset(self) -> Any:
        return self.in_reach(Entry.objects.all(), "journal.read")


class ReconciliationViews(
    Reach, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ReconciliationRun]
):
    """Reconciliation runs: what was asked, and what did not agree."""

    queryset = ReconciliationRun.objects.all()
    serializer_class = RunOutput
    filterset_class = RunFilter
    lookup_value_converter = "uuid"
    ordering: ClassVar = ("-id",)
    permissions: ClassVar[Mapping[str, str]] = {
        "list": "reconciliation.read",
        "retrieve": "reconciliation.read",
        "reconcile": "reconciliation.run",
    }

    def get_queryset(self) -> Any:
        return self.in_reach(ReconciliationRun.objects.prefetch_related("results"), "reconciliation.read")

    @extend_schema(
        request=ReconcileInput,
        parameters=[OpenApiParameter("wait", int, description=f"Seconds to wait for its end, at most {WAIT_AT_MOST}.")],
        responses={200: RunOutput, 202: OpenApiResponse(RunOutput, "It runs; `Location` says where to look again.")},
    )
    def reconcile(self, request: Request) -> Response:
        """Have it run, and answer with the run: 200 when it has ended within `wait` seconds, 202 while it runs."""
        asked = ReconcileInput(data=request.data)
        asked.is_valid(raise_exception=True)
        wait = _seconds(request.query_params.get("wait", "5"))
        program_id = asked.validated_data["program_id"]
        if not self.reaches(program_id, "reconciliation.run"):
            raise Http404

        begun = ask_reconciliation(program_id=program_id, names=asked.validated_data["checks"], at=timezone.now())
        run = self._ended(begun.pk, wait)
        if run.state != RunState.RUNNING:
            return Response(RunOutput(run).data)
        return Response(
            RunOutput(run).data, status=202, headers={"Location": reverse("reconciliation-detail", args=[run.pk])}
        )

    def _ended(self, run_id: UUID, wait: int) -> ReconciliationRun:
        """Return the run once it has ended, or as it stands when the time is over."""
        until = time.monotonic() + wait
        runs = ReconciliationRun.objects.prefetch_related("results")
        while (run := runs.get(pk=run_id)).state == RunState.RUNNING and time.monotonic() < until:
            time.sleep(LOOK_EVERY)
        return run


class FindingViews(Reach, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Finding]):
    """The queue of what does not agree: take one, explain it, or say that it was mended."""

    queryset = Finding.objects.all()
    serializer_class = FindingOutput
    filterset_class = FindingFilter
    lookup_value_converter = "uuid"
    ordering: ClassVar = ("-id",)
    ordering_fields: ClassVar = ("first_seen_at", "last_seen_at")
    permissions: ClassVar[Mapping[str, str]] = {
        "list": "reconciliation.read",
        "retrieve": "reconciliation.read",
        "assign": "reconciliation.work",
        "explain": "reconciliation.work",
        "resolve": "reconciliation.work",
    }

    def get_queryset(self) -> Any:
        return self.in_reach(Finding.objects.all(), "reconciliation.read")

    @extend_schema(request=AssignInput, responses={200: FindingOutput})
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, pk: UUID) -> Response:
        """Give the finding to somebody, or take it oneself."""
        found = self.get_object()
        asked = AssignInput(data=request.data)
        asked.is_valid(raise_exception=True)
        assignee = asked.validated_data.get("assignee_id") or getattr(request.user, "pk", None)
        if assignee is None:
            raise ValidationError({"assignee_id": ["Only a person can take a finding: name one."]})

        finding = assign_finding(found.pk, assignee_id=assignee, at=timezone.now())
        return Response(FindingOutput(finding).data)

    @extend_schema(request=NoteInput, responses={200: FindingOutput})
    @action(detail=True, methods=["post"])
    def explain(self, request: Request, pk: UUID) -> Response:
        """Say why it differs, and that it may."""
        return self._settle(request, FindingState.EXPLAINED)

    @extend_schema(request=NoteInput, responses={200: FindingOutput})
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: UUID) -> Response:
        """Say what was done, so that it differs no more."""
        return self._settle(request, FindingState.RESOLVED)

    def _settle(self, request: Request, to: FindingState) -> Response:
        found = self.get_object()
        said = NoteInput(data=request.data)
        said.is_valid(raise_exception=True)

        finding = settle_finding(found.pk, to=to, note=said.validated_data["note"], at=timezone.now())
        return Response(FindingOutput(finding).data)
