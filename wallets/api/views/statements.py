"""What rails say themselves of our accounts there."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from identity.doors import InProgram
from wallets.api.filters import RailStatementFilter
from wallets.api.serializers import RailStatementLineOutput, RailStatementOutput
from wallets.models import RailStatement, StatementLine

READ = "rail.read"


class RailStatementViewSet(
    InProgram, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[RailStatement]
):
    """The statements of the program's rail accounts. They are brought to the account that they are of."""

    permissions: ClassVar = {"list": READ, "retrieve": READ, "lines": READ}
    queryset = RailStatement.objects.all()
    serializer_class = RailStatementOutput
    filterset_class = RailStatementFilter
    lookup_value_converter = "uuid"
    ordering: ClassVar = ("-id",)
    ordering_fields: ClassVar = ("begins_at", "ends_at")

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return RailStatement.objects.none()
        return self.in_reach(RailStatement.objects.select_related("account", "asset").defer("content"), READ)

    def filter_queryset(self, queryset: Any) -> Any:
        """Narrow lists only."""
        return queryset if self.detail else super().filter_queryset(queryset)

    @extend_schema(
        responses=RailStatementLineOutput(many=True), operation_id="rail_statement_lines_list", filters=False
    )
    @action(detail=True, methods=["get"], filterset_class=None, ordering=("id",), ordering_fields=())
    def lines(self, request: Request, pk: UUID) -> Response:
        """List a statement's lines, in the order in which it happened."""
        rows: Any = StatementLine.objects.filter(statement=self.get_object())
        page = self.paginate_queryset(rows.order_by("id")) or []
        return self.get_paginated_response(RailStatementLineOutput(page, many=True).data)
