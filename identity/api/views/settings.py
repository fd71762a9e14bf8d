"""Settings of a program, or of the house."""

from typing import Any, ClassVar

from django.http import Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api.filters import SettingVersionFilter
from identity.api.serializers.settings import SettingChange, SettingOutput, SettingVersionOutput
from identity.doors import InProgram
from identity.errors import UnknownSetting
from identity.models import SettingVersion
from identity.operations import change_setting
from identity.queries.settings import Standing, standing, standings

KEY = OpenApiParameter("key", OpenApiTypes.STR, OpenApiParameter.PATH, description="Such as `identity.nightly_hour`.")


class SettingViewSet(InProgram, viewsets.GenericViewSet[Any]):
    """What can be set in a program; in the program `house`, what the house has beside that. No secret is ever shown."""

    queryset = SettingVersion.objects.all()
    serializer_class = SettingOutput
    filterset_class = None
    address_names_object = False  # a key is the same in every program
    lookup_field = "key"
    lookup_value_converter = "str"
    ordering: ClassVar = ("-version",)
    permissions: ClassVar = {
        "list": "setting.read",
        "retrieve": "setting.read",
        "partial_update": "setting.change",
        "history": "setting.read",
    }

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return SettingVersion.objects.none()
        versions = SettingVersion.objects.filter(program=self.program)
        return versions.filter(key=self.kwargs["key"]) if "key" in self.kwargs else versions

    @extend_schema(
        responses=SettingOutput(many=True),
        parameters=[OpenApiParameter("room", str, description="Only those of a room.", many=False)],
        filters=False,
    )
    def list(self, request: Request) -> Response:
        """List everything that can be set here, by key, on one page: as it was set, or at its default."""
        unknown = sorted(set(request.query_params) - {"room", "program", "format"})
        if unknown:
            raise ValidationError({name: ["There is no such filter."] for name in unknown})
        room = request.query_params.get("room")
        shown = [stands for stands in standings(self.program) if room in (None, stands.spec.room)]
        return Response({"next": None, "previous": None, "results": SettingOutput(shown, many=True).data})

    @extend_schema(parameters=[KEY], responses=SettingOutput)
    def retrieve(self, request: Request, key: str) -> Response:
        """Return how a setting stands."""
        return Response(SettingOutput(self._standing(key)).data)

    @extend_schema(parameters=[KEY], request=SettingChange, responses=SettingOutput)
    def partial_update(self, request: Request, key: str) -> Response:
        """Change a setting on top of the version that was seen. One that needs two people is proposed instead."""
        self._standing(key)
        form = SettingChange(data=request.data)
        form.is_valid(raise_exception=True)
        changed = change_setting(key, program=self.program, **form.validated_data, at=timezone.now())
        return Response(SettingOutput(changed).data)

    @extend_schema(parameters=[KEY], responses=SettingVersionOutput(many=True))
    @action(detail=True, methods=["get"], filterset_class=SettingVersionFilter)
    def history(self, request: Request, key: str) -> Response:
        """List the versions of a setting, the newest first. Of a secret there is a fingerprint."""
        self._standing(key)
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(SettingVersionOutput(page, many=True).data)

    def _standing(self, key: str) -> Standing:
        try:
            return standing(key, self.program)
        except UnknownSetting:
            raise Http404 from None
