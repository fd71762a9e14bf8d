"""/api/v2/holds: what is set aside in wallets, taken or let go."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from identity.doors import idempotent
from ledger.models import Hold
from wallets import operations
from wallets.api.serializers import CaptureInput, HoldOutput, OnceInput, PaymentOutput
from wallets.api.views.door import READ, WalletsDoor, read, told


class HoldViewSet(WalletsDoor, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Hold]):
    """What is set aside: whoever held it takes it or lets it go, and its owner does neither."""

    owner: ClassVar = ""
    permissions: ClassVar = {"retrieve": READ, "capture": "wallet.hold", "release": "wallet.hold"}
    queryset = Hold.objects.all()
    serializer_class = HoldOutput
    lookup_value_converter = "uuid"

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return Hold.objects.none()
        return self.in_reach(Hold.objects.select_related("wallet"), READ)

    @extend_schema(request=CaptureInput, responses={201: PaymentOutput})
    @action(detail=True, methods=["post"])
    @idempotent()
    def capture(self, request: Request, pk: UUID) -> Response:
        """Pay some of what is held, or all of it: several captures together are never more than was held."""
        held, now = self.get_object(), timezone.now()
        asked, key = read(CaptureInput, request), self.house_key("capture")
        payment = operations.capture(pk, program_id=held.program_id, key=key, at=now, **asked)
        return told(PaymentOutput(payment).data, is_new=payment.created_at == now)

    @extend_schema(request=OnceInput, responses=HoldOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def release(self, request: Request, pk: UUID) -> Response:
        """Give what is still held back to its wallet."""
        held = self.get_object()
        read(OnceInput, request)
        return Response(HoldOutput(operations.release(pk, program_id=held.program_id, at=timezone.now())).data)
