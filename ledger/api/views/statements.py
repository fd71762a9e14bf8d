"""Issuing statements, and handing out what was issued."""

from typing import Any, ClassVar

from django.http import Http404, HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from identity.doors import idempotent, note_missed
from ledger.api.serializers import IssuedStatementOutput, IssueInput
from ledger.api.views.books import READ, BooksDoor
from ledger.models import Account, IssuedStatement
from ledger.operations import issue_statement

ISSUE = "statement.issue"


class StatementsOfAccount(BooksDoor, mixins.ListModelMixin, viewsets.GenericViewSet[IssuedStatement]):
    """The statements of one account."""

    permissions: ClassVar = {"list": READ, "issue": ISSUE}
    queryset = IssuedStatement.objects.without_files()
    serializer_class = IssuedStatementOutput
    ordering: ClassVar = ("-id",)

    def _account(self, permission: str) -> Account:
        accounts = self.of_the_program(Account.objects.all(), permission)
        account: Account | None = accounts.filter(pk=self.kwargs["pk"]).first() if self.kwargs["pk"] < 2**63 else None
        if account is None:
            note_missed(self.request, Account, self.kwargs["pk"])
            raise Http404
        return account

    def get_queryset(self) -> Any:
        rows = self.of_the_program(IssuedStatement.objects.without_files().select_related("account__asset"))
        return rows if getattr(self, "swagger_fake_view", False) else rows.filter(account=self._account(READ))

    @extend_schema(request=IssueInput, responses={201: IssuedStatementOutput, 200: IssuedStatementOutput})
    @idempotent()
    def issue(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Issue the statement of a period that is over; 200 with the one that exists when it was issued before."""
        account = self._account(ISSUE)
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
