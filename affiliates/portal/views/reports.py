"""Reports that are final, to read and to take away."""

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from affiliates.models import CommissionReport
from affiliates.portal.views.shown import grouped, own_affiliate, page_context
from affiliates.queries.report_files import file_name, period_of, report_csv, report_pdf
from affiliates.states import REPORT_TRANSITIONS, ReportState
from audit.access import missed
from audit.errors import DomainError

REPORTS_SHOWN: Final = 120
_KINDS: Final = {"pdf": ("application/pdf", report_pdf), "csv": ("text/csv; charset=utf-8", report_csv)}


@login_required
def reports(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the final reports of an affiliate."""
    affiliate = own_affiliate(request, slug)
    rows = affiliate.reports.exclude(state=ReportState.DRAFT).select_related("asset", "program")[:REPORTS_SHOWN]
    lines = [
        {
            "report": row, "period": period_of(row), "total": f"{grouped(row.total, row.asset)} {row.asset.code}",
            "tone": REPORT_TRANSITIONS.colours[row.state],
        }
        for row in rows
    ]  # fmt: skip
    return render(request, "affiliate/reports.html", page_context(request, affiliate, tab="reports", reports=lines))


@login_required
def report_file(request: HttpRequest, slug: str, pk: UUID, form: str) -> HttpResponse:
    """Hand out a final report as a file."""
    affiliate = own_affiliate(request, slug)
    found = affiliate.reports.exclude(state=ReportState.DRAFT).filter(pk=pk)
    report = found.select_related("asset", "program", "affiliate__party").first()
    if report is None:
        missed(request, CommissionReport, pk)
        raise Http404
    kind, make = _KINDS[form]
    try:
        made = make(report)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("affiliate:reports", slug)
    answer = HttpResponse(made, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{file_name(report)}.{form}"'
    return answer
