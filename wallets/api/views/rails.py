"""Accounts at rails, and the inbox of what rails have told us."""

from io import BytesIO
from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api.serializers import ReasonInput
from identity.doors import InProgram, idempotent
from wallets.api.filters import RailAccountFilter, RailEventFilter
from wallets.api.serializers import (
    DraftInput,
    ImportedOutput,
    RailAccountOutput,
    RailEventOutput,
    StatementInput,
)
from wallets.models import RailAccount, RailEvent
from wallets.operations import (
    draft_rail_account,
    ignore_event,
    import_statement,
    replay_event,
    stop_rail_account,
)

READ, PROPOSE, OPERATE = "rail.read", "rail.propose", "rail.operate"


class RailAccountViewSet(
    InProgram, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[RailAccount]
):
    """The program's accounts at rails. One that is in use is changed by a proposal, and used by one."""

    permissions: ClassVar = {"list": READ, "retrieve": READ, "create": PROPOSE, "stop": OPERATE, "statements": OPERATE}
    queryset = RailAccount.objects.all()
    serializer_class = RailAccountOutput
    filterset_class = RailAccountFilter
    lookup_value_converter = "uuid"
    ordering: ClassVar = ("-id",)

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return RailAccount.objects.none()
        return self.in_reach(RailAccount.objects.all(), READ)

    def filter_queryset(self, queryset: Any) -> Any:
        """Narrow lists only."""
        return queryset if self.detail else super().filter_queryset(queryset)

    @extend_schema(request=DraftInput, responses={201: RailAccountOutput})
    @idempotent(has_secret=True)
    def create(self, request: Request) -> Response:
        """Draft an account. Nobody listens to it before two people say so: propose `wallets.activate_rail_account`."""
        sent = DraftInput(data=request.data)
        sent.is_valid(raise_exception=True)
        account = draft_rail_account(program=self.program, **sent.validated_data, at=timezone.now())
        return Response(RailAccountOutput(account).data, status=201)

    @extend_schema(request=ReasonInput, responses={200: RailAccountOutput})
    @action(detail=True, methods=["post"])
    @idempotent()
    def stop(self, request: Request, pk: UUID) -> Response:
        """Let nothing new go through it. Using it again takes two people."""
        account = self.get_object()
        sent = ReasonInput(data=request.data)
        sent.is_valid(raise_exception=True)
        stopped = stop_rail_account(
            account.pk, program_id=account.program_id, reason=sent.validated_data["reason"], at=timezone.now()
        )
        return Response(RailAccountOutput(stopped).data)

    @extend_schema(request=StatementInput, responses={201: ImportedOutput, 200: ImportedOutput})
    @action(detail=True, methods=["post"])
    @idempotent()
    def statements(self, request: Request, pk: UUID) -> Response:
        """Take in what the rail says of the account: all of the file, or nothing. What is there already stays so."""
        account = self.get_object()
        sent = StatementInput(data=request.data)
        sent.is_valid(raise_exception=True)
        file = BytesIO(sent.validated_data["content"].encode())
        done = import_statement(account.pk, program_id=account.program_id, file=file, at=timezone.now())
        return Response(ImportedOutput(done).data, status=200 if done.is_replay else 201)


class RailEventViewSet(InProgram, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[RailEvent]):
    """The inbox."""

    permissions: ClassVar = {"list": READ, "retrieve": READ, "replay": OPERATE, "ignore": OPERATE}
    queryset = RailEvent.objects.all()
    serializer_class = RailEventOutput
    filterset_class = RailEventFilter
    lookup_value_converter = "uuid"
    ordering: ClassVar = ("-id",)

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return RailEvent.objects.none()
        rows = RailEvent.objects.select_related("account").defer("body", "headers", "fault")
        return self.in_reach(rows, READ)

    def filter_queryset(self, queryset: Any) -> Any:
        """Narrow lists only."""
        return queryset if self.detail else super().filter_queryset(queryset)

    @extend_schema(request=ReasonInput, responses={200: RailEventOutput})
    @action(detail=True, methods=["post"])
    @idempotent()
    def replay(self, request: Request, pk: UUID) -> Response:
        """Prove again what was rejected, apply again what has failed; at once."""
        return self._decide(request, replay_event)

    @extend_schema(request=ReasonInput, responses={200: RailEventOutput})
    @action(detail=True, methods=["post"])
    @idempotent()
    def ignore(self, request: Request, pk: UUID) -> Response:
        """Leave what has failed where it is."""
        return self._decide(request, ignore_event)

    def _decide(self, request: Request, verb: Any) -> Response:
        event = self.get_object()
        sent = ReasonInput(data=request.data)
        sent.is_valid(raise_exception=True)
        reason = sent.validated_data["reason"]
        return Response(
            RailEventOutput(verb(event.pk, program_id=event.program_id, reason=reason, at=timezone.now())).data
        )
