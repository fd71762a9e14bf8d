"""/api/v2/commissions: reports of what was earned in a period, and adjustments."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from affiliates import operations
from affiliates.api.filters import AdjustmentFilter, ReportFilter
from affiliates.api.serializers import (
    AdjustmentOutput,
    CommissionAdjustInput,
    CommissionOutput,
    DraftedOutput,
    PeriodInput,
    ReportOutput,
)
from affiliates.api.views.commissions import told_why_not
from affiliates.api.views.door import AffiliatesDoor, person
from affiliates.models import Adjustment, Commission, CommissionReport
from affiliates.proposable import propose_commission_adjustment
from affiliates.states import AdjustmentState, ReportState
from identity.doors import idempotent
from wallets.api.serializers import OnceInput
from wallets.api.views.door import read, told

READ, REPORT, ADJUST = "commission.read", "commission.report", "commission.adjust"


class ReportViewSet(
    AffiliatesDoor, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[CommissionReport]
):
    """The program's reports; an affiliate sees their own once these are final."""

    owner: ClassVar = "affiliate__user"
    permission_to_read: ClassVar = READ
    permissions: ClassVar = {
        "list": READ,
        "retrieve": READ,
        "lines": READ,
        "adjustments": READ,
        "create": REPORT,
        "finalize": REPORT,
        "mark_paid": REPORT,
        "adjust": ADJUST,
    }
    queryset = CommissionReport.objects.all()
    serializer_class = ReportOutput
    filterset_class = ReportFilter
    lookup_value_converter = "uuid"
    ordering: ClassVar = ("-id",)
    ordering_fields: ClassVar = ("period_start", "period_end", "created_at")

    def rows(self) -> Any:
        return CommissionReport.objects.select_related("affiliate", "asset", "program")

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows
        return rows.filter(Q(program_id__in=self.caller.programs(READ)) | ~Q(state=ReportState.DRAFT))

    @extend_schema(request=PeriodInput, responses={201: DraftedOutput})
    @idempotent()
    def create(self, request: Request) -> Response:
        """Draft the reports of a period, one of each affiliate and asset; drafts take in what came since."""
        asked = read(PeriodInput, request)
        drafts = operations.draft_reports(program=self.program, at=timezone.now(), **asked)
        return Response(DraftedOutput({**asked, "drafts": drafts}).data, status=201)

    @extend_schema(responses=CommissionOutput(many=True), operation_id="report_lines_list", filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, ordering=("-id",), ordering_fields=())
    def lines(self, request: Request, pk: UUID) -> Response:
        """List the commissions that a report selects, the latest first."""
        rows = Commission.objects.filter(report_line__report=self.get_object())
        page = self.paginate_queryset(self.narrowed(rows.select_related("asset", "affiliate__program"))) or []
        return self.get_paginated_response(told_why_not(page))

    @extend_schema(request=OnceInput, responses=ReportOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def finalize(self, request: Request, pk: UUID) -> Response:
        """Fix its rows, sums and digest for good."""
        report = self.get_object()
        read(OnceInput, request)
        operations.finalize_reports([report.pk], program_id=report.program_id, at=timezone.now())
        return Response(ReportOutput(self.rows().get(pk=report.pk)).data)

    @extend_schema(request=OnceInput, responses=ReportOutput)
    @action(detail=True, methods=["post"], url_path="mark-paid")
    @idempotent()
    def mark_paid(self, request: Request, pk: UUID) -> Response:
        """Say that nothing of it waits: that is looked at, not believed."""
        report = self.get_object()
        read(OnceInput, request)
        operations.mark_report_paid(report.pk, program_id=report.program_id, at=timezone.now())
        return Response(ReportOutput(self.rows().get(pk=report.pk)).data)

    @extend_schema(responses=AdjustmentOutput(many=True), operation_id="report_adjustments_list", filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, ordering=("-id",), ordering_fields=())
    def adjustments(self, request: Request, pk: UUID) -> Response:
        """List what was adjusted in a report, the latest first."""
        rows = self.get_object().adjustments.select_related("affiliate", "asset")
        page = self.paginate_queryset(self.narrowed(rows))
        return self.get_paginated_response(AdjustmentOutput(page, many=True).data)

    @extend_schema(request=CommissionAdjustInput, responses={201: AdjustmentOutput, 202: AdjustmentOutput})
    @adjustments.mapping.post
    @idempotent()
    def adjust(self, request: Request, pk: UUID) -> Response:
        """Adjust a draft. More than one may adjust alone is refused, or with `propose` waits for a second person."""
        report, asked, now = self.get_object(), read(CommissionAdjustInput, request), timezone.now()
        words = {
            "asset_code": report.asset.code, "amount": asked["amount"], "reason": asked["reason"],
            "key": self.house_key("adjust-commission"), "report_id": report.pk, "at": now,
        }  # fmt: skip
        if asked["propose"]:
            adjustment = propose_commission_adjustment(
                report.affiliate_id, program=report.program, by=person(request), **words
            )
        else:
            adjustment = operations.adjust_commission(report.affiliate_id, program_id=report.program_id, **words)
        shown = Adjustment.objects.select_related("affiliate", "asset").get(pk=adjustment.pk)
        answer = told(AdjustmentOutput(shown).data, is_new=shown.asked_at == now)
        answer.status_code = 202 if shown.state == AdjustmentState.PROPOSED else 201
        return answer


class AdjustmentViewSet(AffiliatesDoor, mixins.ListModelMixin, viewsets.GenericViewSet[Adjustment]):
    """The program's adjustments."""

    permission_to_read: ClassVar = READ
    permissions: ClassVar = {"list": READ}
    queryset = Adjustment.objects.all()
    serializer_class = AdjustmentOutput
    filterset_class = AdjustmentFilter
    ordering: ClassVar = ("-id",)
    ordering_fields: ClassVar = ("asked_at",)

    def rows(self) -> Any:
        return Adjustment.objects.select_related("affiliate", "asset")
