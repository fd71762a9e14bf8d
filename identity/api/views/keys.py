"""API keys of a program."""

from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api.filters import ApiKeyFilter
from identity.api.serializers import ApiKeyInput, ApiKeyOutput, ApiKeyWithSecret, NoInput, ReasonInput
from identity.doors import InProgram, idempotent
from identity.models import ApiKey, User
from identity.operations import collect_api_key, create_api_key, revoke_api_key
from identity.queries.settings import setting


class ApiKeyViewSet(InProgram, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ApiKey]):
    """Keys with which other systems call, in one program. People make them; keys don't make keys."""

    queryset = ApiKey.objects.all()
    serializer_class = ApiKeyOutput
    filterset_class = ApiKeyFilter
    lookup_value_converter = "uuid"
    ordering: ClassVar = ("-id",)
    ordering_fields: ClassVar = ("created_at", "expires_at", "name")
    permissions: ClassVar = {
        "list": "key.read",
        "retrieve": "key.read",
        "create": "key.manage",
        "collect": "key.manage",
        "revoke": "key.manage",
    }

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return ApiKey.objects.none()
        return self.in_reach(ApiKey.objects.select_related("program", "created_by"), "key.read")

    @extend_schema(request=ApiKeyInput, responses={201: ApiKeyWithSecret})
    @idempotent(hides=("secret",))
    def create(self, request: Request) -> Response:
        """Make a key. The secret stands in this answer and nowhere else. A key that moves money is proposed instead."""
        form = ApiKeyInput(data=request.data)
        form.is_valid(raise_exception=True)
        now = timezone.now()
        key, secret = create_api_key(
            program=self.program,
            name=form.validated_data["name"],
            scopes=form.validated_data["scopes"],
            expires_at=form.validated_data.get("expires_at")
            or now + timedelta(days=setting("identity.key_days_at_most", self.program)),
            by=self._person(),
            at=now,
        )
        return _shown_once(key, secret, status=201)

    @extend_schema(request=NoInput, responses={200: ApiKeyWithSecret})
    @action(detail=True, methods=["post"])
    @idempotent(hides=("secret",))
    def collect(self, request: Request, pk: UUID) -> Response:
        """Get the secret of a key that two people agreed on: once, and only for who proposed it."""
        key, secret = collect_api_key(self.get_object().pk, by=self._person(), at=timezone.now())
        return _shown_once(key, secret, status=200)

    @extend_schema(request=ReasonInput, responses={200: ApiKeyOutput})
    @action(detail=True, methods=["post"])
    @idempotent()
    def revoke(self, request: Request, pk: UUID) -> Response:
        """Make the key open nothing any more, for good."""
        found = self.get_object()
        form = ReasonInput(data=request.data)
        form.is_valid(raise_exception=True)
        key = revoke_api_key(found.pk, reason=form.validated_data["reason"], at=timezone.now())
        return Response(ApiKeyOutput(key).data)

    def _person(self) -> User:
        user = self.request.user
        assert isinstance(user, User), "no key and no service holds key.manage"
        return user


def _shown_once(key: ApiKey, secret: str, *, status: int) -> Response:
    shown = {**ApiKeyOutput(key).data, "secret": f"{key.prefix}.{secret}"}
    # Nothing between here and the caller may keep it.
    return Response(shown, status=status, headers={"Cache-Control": "no-store"})
