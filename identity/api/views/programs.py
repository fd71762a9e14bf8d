"""Doors of the API into identity."""

from typing import ClassVar

from rest_framework import mixins, viewsets

from identity.api.filters import ProgramFilter
from identity.api.serializers import ProgramOutput
from identity.models import Program, ProgramQuerySet, User


class ProgramViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Program]):
    """The programs the caller belongs to; the house's staff see every program."""

    queryset = Program.objects.all()
    serializer_class = ProgramOutput
    filterset_class = ProgramFilter
    lookup_value_converter = "uuid"
    ordering: ClassVar = ("-id",)
    ordering_fields: ClassVar = ("created_at", "name", "slug")

    def get_queryset(self) -> ProgramQuerySet:
        if getattr(self, "swagger_fake_view", False):
            return Program.objects.none()
        assert isinstance(self.request.user, User)
        return Program.objects.for_user(self.request.user)
