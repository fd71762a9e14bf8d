"""/api/v2/tiers: the steps that affiliates of a program can stand on."""

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from affiliates.api.filters import TierFilter
from affiliates.api.serializers import TierInput, TierOutput
from affiliates.api.views.door import AffiliatesDoor
from affiliates.models import Tier
from affiliates.operations import open_tier
from identity.doors import idempotent
from wallets.api.views.door import read

READ = "affiliate.read"


class TierViewSet(AffiliatesDoor, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Tier]):
    """The program's tiers. Their rates change by a proposal, `affiliates.change_rate`."""

    permission_to_read: ClassVar = READ
    permissions: ClassVar = {"list": READ, "retrieve": READ, "create": "affiliate.manage"}
    queryset = Tier.objects.all()
    serializer_class = TierOutput
    filterset_class = TierFilter
    lookup_value_converter = "uuid"
    ordering: ClassVar = ("name",)
    ordering_fields: ClassVar = ("name", "created_at")

    def rows(self) -> Any:
        return Tier.objects.prefetch_related("rates")

    @extend_schema(request=TierInput, responses={201: TierOutput})
    @idempotent()
    def create(self, request: Request) -> Response:
        """Add a tier: without rates of its own its affiliates earn what the program's terms say."""
        tier = open_tier(program=self.program, at=timezone.now(), **read(TierInput, request))
        return Response(TierOutput(tier).data, status=201)
