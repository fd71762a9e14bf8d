"""/api/v2/payments: what somebody has paid, and giving it back."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from identity.doors import idempotent
from wallets import operations
from wallets.api.filters import PaymentFilter
from wallets.api.serializers import PaymentOutput, RefundInput, RefundOutput
from wallets.api.views.door import READ, WalletsDoor, read
from wallets.models import PaymentRecord


class PaymentViewSet(
    WalletsDoor, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[PaymentRecord]
):
    """The program's payments, or the caller's own."""

    permissions: ClassVar = {"list": READ, "retrieve": READ, "refund": "payment.refund"}
    queryset = PaymentRecord.objects.all()
    serializer_class = PaymentOutput
    filterset_class = PaymentFilter
    lookup_value_converter = "uuid"
    ordering: ClassVar = ("-id",)
    ordering_fields: ClassVar = ("created_at",)

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return PaymentRecord.objects.none()
        return self.in_reach(PaymentRecord.objects.select_related("asset", "payee"), READ)

    def filter_queryset(self, queryset: Any) -> Any:
        """Narrow lists only."""
        return queryset if self.detail else super().filter_queryset(queryset)

    @extend_schema(request=RefundInput, responses={201: RefundOutput})
    @action(detail=True, methods=["post"])
    @idempotent()
    def refund(self, request: Request, pk: UUID) -> Response:
        """Give some of a payment back, or all that is left. All refunds together are never more than was paid."""
        payment, asked = self.get_object(), read(RefundInput, request)
        refunded = operations.refund(
            pk, program_id=payment.program_id, key=self.house_key("refund"), at=timezone.now(), **asked
        )
        return Response(RefundOutput(refunded).data, status=201)
