"""/api/v2/outgoing: what is owed to people outside, and saying where it goes."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from identity.doors import InProgram, idempotent
from wallets import operations
from wallets.api.filters import OutgoingFilter
from wallets.api.serializers import AddressInput, OutgoingOutput
from wallets.api.views.door import READ, read
from wallets.models import Outgoing


class OutgoingViewSet(InProgram, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Outgoing]):
    """What is owed to people outside without a wallet. A batch of payouts pays it, once somebody has said where."""

    permissions: ClassVar = {"list": READ, "retrieve": READ, "address": "payment.refund"}
    queryset = Outgoing.objects.all()
    serializer_class = OutgoingOutput
    filterset_class = OutgoingFilter
    lookup_value_converter = "uuid"
    ordering: ClassVar = ("-id",)
    ordering_fields: ClassVar = ("requested_at",)

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return Outgoing.objects.none()
        return self.in_reach(
            Outgoing.objects.select_related("asset", "account").prefetch_related("account__balances"), READ
        )

    def filter_queryset(self, queryset: Any) -> Any:
        """Narrow lists only."""
        return queryset if self.detail else super().filter_queryset(queryset)

    @extend_schema(request=AddressInput, responses=OutgoingOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def address(self, request: Request, pk: UUID) -> Response:
        """Say where it goes. Whoever says so has no vote on the batch that pays it."""
        row, sent = self.get_object(), read(AddressInput, request)
        addressed = operations.address_outgoing(
            row.pk, program_id=row.program_id, destination=sent["destination"], holder=sent["holder"], at=timezone.now()
        )
        return Response(OutgoingOutput(addressed).data)
