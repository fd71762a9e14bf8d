"""Statements that were issued: the list, and their files."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from audit.admin import RecordedAdmin, column, instant, whole_id
from ledger.admin.shown import grouped
from ledger.models import IssuedStatement
from ledger.queries.statement_files import period_in_words

_KINDS = {"pdf": "application/pdf", "csv": "text/csv; charset=utf-8"}


def _files(issued: IssuedStatement) -> str:
    pdf, csv = (reverse(f"admin:ledger_issuedstatement_{form}", args=[issued.pk]) for form in _KINDS)
    links = '<span><a class="text-link" href="{}">PDF</a> &nbsp; <a class="text-link" href="{}">CSV</a></span>'
    return format_html(links, pdf, csv)


def _period(issued: IssuedStatement) -> str:
    return period_in_words(issued.account.program, after=issued.after, until=issued.until)


@admin.register(IssuedStatement)
class IssuedStatementAdmin(RecordedAdmin):
    """What was handed out; a statement is issued on its account's page."""

    permission_to_view = "ledger.read"

    list_display = (
        column("number", "Number", lambda issued: issued.shown_number),
        column("account", "Account", lambda issued: f"{issued.account.code} {issued.account.asset.code}"),
        column("period", "Period", _period),
        column("closing", "Closing", lambda issued: grouped(issued.closing, issued.account.asset, named=True)),
        instant("issued_at", "Issued"),
        column("files", "Files", _files),
    )
    list_select_related = ("account__asset", "account__program")
    search_fields = ("account__code__startswith",)
    search_help_text = "The beginning of an account's code, or a whole id"
    id_fields = ("pk", "program_id")
    fields = (
        column("account", "Account", lambda issued: f"{issued.account.code} {issued.account.asset.code}"),
        column("number", "Number", lambda issued: issued.shown_number),
        column("period", "Period", _period),
        column("opening", "Opening", lambda issued: grouped(issued.opening, issued.account.asset, named=True)),
        column("closing", "Closing", lambda issued: grouped(issued.closing, issued.account.asset, named=True)),
        "lines",
        column("files", "Files", _files),
        whole_id("pdf_sha256", "SHA-256 of the PDF"),
        whole_id("csv_sha256", "SHA-256 of the CSV"),
        instant("horizon_at", "What had been booked by"),
        instant("issued_at", "Issued"),
        column("actor", "By", lambda issued: f"{issued.actor_type} {issued.actor_id}"),
        whole_id(),
    )
    ordering = ("-id",)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.file_view)
        files = [
            path(f"<uuid:pk>/statement.{form}", view, {"form": form}, name=f"ledger_issuedstatement_{form}")
            for form in _KINDS
        ]
        return [*files, *super().get_urls()]

    def file_view(self, request: HttpRequest, pk: Any, form: str) -> HttpResponse:
        """Hand out a file as it was issued."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        issued = self.get_queryset(request).filter(pk=pk).first()
        if issued is None:
            raise Http404
        answer = HttpResponse(bytes(getattr(issued, form)), content_type=_KINDS[form])
        answer["Content-Disposition"] = f'attachment; filename="{issued.file_name}.{form}"'
        return answer

    def ties(self, request: HttpRequest, row: IssuedStatement) -> list[tuple[str, str]]:
        return [("Its account", reverse("admin:ledger_account_change", args=[row.account_id]))]
