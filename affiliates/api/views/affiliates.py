"""/api/v2/affiliates: found, their figures and rows, and what is done with one."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from affiliates import operations
from affiliates.api.filters import AffiliateFilter, CommissionFilter
from affiliates.api.serializers import AffiliateOutput, CommissionOutput, MoveInput, StatsOutput, WhyInput
from affiliates.api.views.commissions import told_why_not
from affiliates.api.views.door import AffiliatesDoor
from affiliates.models import Affiliate
from affiliates.queries.figures import figures_of
from affiliates.states import AffiliateState
from identity.doors import idempotent
from wallets.api.views.door import read

READ, MANAGE = "affiliate.read", "affiliate.manage"


class AffiliateViewSet(
    AffiliatesDoor, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Affiliate]
):
    """The program's affiliates, or the one that the caller is."""

    owner: ClassVar = "user"
    permission_to_read: ClassVar = READ
    permissions: ClassVar = {
        "list": READ,
        "retrieve": READ,
        "stats": READ,
        "commissions": "commission.read",
        "move": MANAGE,
        "suspend": MANAGE,
        "reinstate": MANAGE,
        "activate": MANAGE,
        "close": MANAGE,
    }
    queryset = Affiliate.objects.all()
    serializer_class = AffiliateOutput
    filterset_class = AffiliateFilter
    lookup_value_converter = "uuid"
    ordering: ClassVar = ("-id",)
    ordering_fields: ClassVar = ("joined_at", "code")

    def rows(self) -> Any:
        return Affiliate.objects.select_related("party", "parent", "tier", "program")

    @extend_schema(responses=StatsOutput, filters=False)
    @action(detail=True, methods=["get"], filterset_class=None)
    def stats(self, request: Request, pk: UUID) -> Response:
        """Show the funnel, and earnings asset by asset."""
        return Response(StatsOutput(figures_of(self.get_object().pk)).data)

    @extend_schema(responses=CommissionOutput(many=True), operation_id="affiliate_commissions_list")
    @action(
        detail=True, methods=["get"], filterset_class=CommissionFilter, ordering=("-id",),
        ordering_fields=("accrued_at",),
    )  # fmt: skip
    def commissions(self, request: Request, pk: UUID) -> Response:
        """List what was earned, the latest first: how each row came about, and why it is not paid yet."""
        rows = self.get_object().commissions.select_related("asset", "affiliate__program")
        page = self.paginate_queryset(self.narrowed(rows)) or []
        return self.get_paginated_response(told_why_not(page))

    @extend_schema(request=MoveInput, responses=AffiliateOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def move(self, request: Request, pk: UUID) -> Response:
        """Let them stand under another from now on, or in another tier; what was earned until now stays."""
        affiliate, asked = self.get_object(), read(MoveInput, request)
        operations.move_affiliate(
            affiliate.pk, program_id=affiliate.program_id, parent_id=asked.get("parent", affiliate.parent_id),
            tier_id=asked.get("tier", affiliate.tier_id), reason=asked["reason"], at=timezone.now(),
        )  # fmt: skip
        return self._shown(affiliate)

    @extend_schema(request=WhyInput, responses=AffiliateOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def activate(self, request: Request, pk: UUID) -> Response:
        """Let somebody begin who waits for it."""
        return self._become(AffiliateState.ACTIVE, AffiliateState.PENDING)

    @extend_schema(request=WhyInput, responses=AffiliateOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def suspend(self, request: Request, pk: UUID) -> Response:
        """Stop them: what their members bring is earned, and held."""
        return self._become(AffiliateState.SUSPENDED)

    @extend_schema(request=WhyInput, responses=AffiliateOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def reinstate(self, request: Request, pk: UUID) -> Response:
        """Let somebody go on who was suspended; what was held because of it is released."""
        return self._become(AffiliateState.ACTIVE, AffiliateState.SUSPENDED)

    @extend_schema(request=WhyInput, responses=AffiliateOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def close(self, request: Request, pk: UUID) -> Response:
        """Close them for good, once nothing is open."""
        return self._become(AffiliateState.CLOSED)

    def _become(self, to: AffiliateState, only_from: AffiliateState | None = None) -> Response:
        affiliate = self.get_object()
        operations.change_affiliate_state(
            affiliate.pk, program_id=affiliate.program_id, to=to, only_from=only_from, at=timezone.now(),
            **read(WhyInput, self.request),
        )  # fmt: skip
        return self._shown(affiliate)

    def _shown(self, affiliate: Affiliate) -> Response:
        return Response(AffiliateOutput(self.rows().get(pk=affiliate.pk)).data)
