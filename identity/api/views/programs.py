"""Programs: who opens them, who changes and stops them."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api.filters import ProgramFilter
from identity.api.serializers import ReasonInput
from identity.api.serializers.programs import (
    ProgramChange,
    ProgramInput,
    ProgramOutput,
    ProgramReplacement,
    TermsOutput,
)
from identity.doors import Door, idempotent
from identity.models import Program
from identity.operations import change_program, change_program_status, create_program
from identity.queries.terms import dated_terms, with_rates
from identity.states import ProgramStatus


class ProgramViewSet(Door, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Program]):
    """The programs the caller belongs to; the house's staff see every program."""

    queryset = Program.objects.all()
    serializer_class = ProgramOutput
    filterset_class = ProgramFilter
    lookup_value_converter = "uuid"
    ordering: ClassVar = ("-id",)
    ordering_fields: ClassVar = ("created_at", "name", "slug")
    permissions: ClassVar = {
        "list": "program.read",
        "retrieve": "program.read",
        "create": "program.create",
        "update": "program.change",
        "partial_update": "program.change",
        "pause": "program.change_status",
        "resume": "program.change_status",
        "close": "program.change_status",
        "terms": "terms.read",
    }

    def get_queryset(self) -> QuerySet[Program]:
        if getattr(self, "swagger_fake_view", False):
            return Program.objects.none()
        programs = Program.objects.filter(pk__in=self.caller.programs("program.read"))
        return with_rates(programs, at=timezone.now())

    @extend_schema(request=ProgramInput, responses={201: ProgramOutput})
    @idempotent()
    def create(self, request: Request) -> Response:
        """Open a program, with the commission rates it begins with if it has any. The house's owners and the service
        key may.
        """
        form = ProgramInput(data=request.data)
        form.is_valid(raise_exception=True)
        program = create_program(**form.validated_data, at=timezone.now())
        return self._answer(program, status=201)

    @extend_schema(request=ProgramReplacement, responses=ProgramOutput)
    def update(self, request: Request, pk: UUID) -> Response:
        """Give the program this name and this time zone. Rates may come along as they hold; others are proposed."""
        return self._change(ProgramReplacement(data=request.data))

    @extend_schema(request=ProgramChange, responses=ProgramOutput)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change the name, the time zone or both."""
        return self._change(ProgramChange(data=request.data))

    @extend_schema(request=ReasonInput, responses={200: ProgramOutput})
    @action(detail=True, methods=["post"])
    @idempotent()
    def pause(self, request: Request, pk: UUID) -> Response:
        """No new customer actions; facts, reversals and paying what is owed go on."""
        return self._move(request, ProgramStatus.PAUSED)

    @extend_schema(request=ReasonInput, responses={200: ProgramOutput})
    @action(detail=True, methods=["post"])
    @idempotent()
    def resume(self, request: Request, pk: UUID) -> Response:
        """Let a paused program go on."""
        return self._move(request, ProgramStatus.ACTIVE)

    @extend_schema(request=ReasonInput, responses={200: ProgramOutput})
    @action(detail=True, methods=["post"])
    @idempotent()
    def close(self, request: Request, pk: UUID) -> Response:
        """Close a paused program for good."""
        return self._move(request, ProgramStatus.CLOSED)

    @extend_schema(responses=TermsOutput(many=True), filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def terms(self, request: Request, pk: UUID) -> Response:
        """List the commission rates that were agreed on, the latest first, each with the time it holds."""
        dated = dated_terms(self.get_object())
        return Response(TermsOutput(dated, many=True, context={"at": timezone.now()}).data)

    def _change(self, form: Any) -> Response:
        program = self.get_object()
        form.is_valid(raise_exception=True)
        changed = change_program(program.pk, **form.validated_data, at=timezone.now())
        return self._answer(changed)

    def _move(self, request: Request, to: ProgramStatus) -> Response:
        program = self.get_object()
        form = ReasonInput(data=request.data)
        form.is_valid(raise_exception=True)
        reason = form.validated_data["reason"]
        moved = change_program_status(program.pk, to=to, reason=reason, at=timezone.now())
        return self._answer(moved)

    def _answer(self, program: Program, *, status: int = 200) -> Response:
        shown = with_rates(Program.objects.filter(pk=program.pk), at=timezone.now()).get()
        return Response(ProgramOutput(shown).data, status=status)
