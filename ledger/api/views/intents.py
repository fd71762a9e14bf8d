"""Intents: what was asked for, how far it has come, and another try for what is dead."""

import time
from typing import Any, ClassVar, Final
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from identity.doors import idempotent
from ledger.api.filters import IntentFilter
from ledger.api.serializers import IntentOutput, RetryInput
from ledger.api.views.door import BooksDoor
from ledger.models import Intent
from ledger.operations import retry_intent

READ: Final = "intent.read"
RETRY: Final = "intent.retry"

# A waiting request holds a thread of the web server.
WAIT_AT_MOST: Final = 20
WAIT: Final = OpenApiParameter("wait", int, description=f"Seconds to wait for the outcome, at most {WAIT_AT_MOST}.")
_FIRST_LOOK_SECONDS: Final = 0.05
_LAST_LOOK_SECONDS: Final = 0.5


class IntentViewSet(BooksDoor, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Intent]):
    """The program's intents."""

    permissions: ClassVar = {"list": READ, "retrieve": READ, "retry": RETRY}
    permission_to_read: ClassVar = READ
    queryset = Intent.objects.all()
    serializer_class = IntentOutput
    filterset_class = IntentFilter
    lookup_value_converter = "uuid"
    ordering: ClassVar = ("-id",)

    def get_queryset(self) -> Any:
        return self.of_the_program(Intent.objects.all())

    def filter_queryset(self, queryset: Any) -> Any:
        """Narrow lists only."""
        return queryset if self.detail else super().filter_queryset(queryset)

    @extend_schema(parameters=[WAIT])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Show an intent: as it stands, or, with `wait`, as soon as there is an outcome."""
        wait = seconds_to_wait(request)
        return Response(IntentOutput(with_outcome(self.get_object(), wait=wait)).data)

    @extend_schema(request=RetryInput, responses={200: IntentOutput})
    @action(detail=True, methods=["post"])
    @idempotent()
    def retry(self, request: Request, pk: UUID) -> Response:
        """Have a dead intent carried out after all, with all its attempts."""
        found = self.get_object()
        sent = RetryInput(data=request.data)
        sent.is_valid(raise_exception=True)
        return Response(IntentOutput(retry_intent(found.pk, reason=sent.validated_data["reason"])).data)


def with_outcome(intent: Intent, *, wait: int) -> Intent:
    """Return the intent once it is over, or as it stands when the time is."""
    until, pause = time.monotonic() + wait, _FIRST_LOOK_SECONDS
    while not intent.is_over and (left := until - time.monotonic()) > 0:
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, _LAST_LOOK_SECONDS)
        intent.refresh_from_db()
    return intent


def seconds_to_wait(request: Request) -> int:
    """Return how long the caller would wait for an outcome.

    :raises ValidationError: if it says so otherwise than in whole seconds, or would wait too long.
    """
    text = request.query_params.get("wait", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 4 and int(text) <= WAIT_AT_MOST):
        raise ValidationError({"wait": [f"A whole number of seconds from 0 to {WAIT_AT_MOST}."]})
    return int(text)
