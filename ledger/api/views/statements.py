"""Issuing statements, and handing out what was issued."""

from typing import Any, ClassVar

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from identity.doors import idempotent
from ledger.api.serializers import IssuedStatementOutput, IssueInput
from ledger.api.views.door import READ, BooksDoor
from ledger.models import IssuedStatement
from ledger.operations import issue_statement

ISSUE = "statement.issue"


class IssuesStatements:
    """What can be done about statements at an account's address."""

    permissions: ClassVar = {"statements": READ, "issue": ISSUE}

    @extend_schema(responses=IssuedStatementOutput(many=True), filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, ordering=("-id",), ordering_fields=())
    def statements(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the statements of the account that were issued, the latest first."""
        view: Any = self
        rows = IssuedStatement.objects.without_files().select_related("account__asset")
        page = view.paginate_queryset(rows.filter(account=view.get_object()))
        return view.get_paginated_response(IssuedStatementOutput(page, many=True).data)  # type: ignore[no-any-return]

    @extend_schema(request=IssueInput, responses={201: IssuedStatementOutput, 200: IssuedStatementOutput})
    @statements.mapping.post
    @idempotent()
    def issue(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Issue the statement of a period that is over; 200 with the one that exists when it was issued before."""
        view: Any = self
        account = view.get_object()
        sent = IssueInput(data=request.data)
        sent.is_valid(raise_exception=True)
        now = timezone.now()
        issued = issue_statement(account.pk, program_id=account.program_id, **sent.validated_data, at=now)
        return Response(IssuedStatementOutput(issued).data, status=201 if issued.issued_at == now else 200)


class StatementViewSet(BooksDoor, mixins.RetrieveModelMixin, viewsets.GenericViewSet[IssuedStatement]):
    """A statement that was issued, and its files: the same bytes for ever."""

    permissions: ClassVar = {"retrieve": READ, "pdf": READ, "csv": READ}
    queryset = IssuedStatement.objects.without_files()
    serializer_class = IssuedStatementOutput
    lookup_value_converter = "uuid"

    def get_queryset(self) -> Any:
        return self.of_the_program(IssuedStatement.objects.without_files().select_related("account__asset"))

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Let a caller of a file accept it: a refusal is JSON all the same."""
        return super().perform_content_negotiation(request, force=force or self.action in ("pdf", "csv"))

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"])
    def pdf(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """Hand out the PDF."""
        return file_of(self.get_object(), "pdf")

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"])
    def csv(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """Hand out the lines as CSV, whose SHA-256 stands on the PDF."""
        return file_of(self.get_object(), "csv")


def file_of(issued: IssuedStatement, form: str) -> HttpResponse:
    """Return the answer that hands out a file."""
    kind = {"pdf": "application/pdf", "csv": "text/csv; charset=utf-8"}[form]
    answer = HttpResponse(bytes(getattr(issued, form)), content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{issued.file_name}.{form}"'
    answer["ETag"] = f'"{getattr(issued, f"{form}_sha256")}"'
    return answer
