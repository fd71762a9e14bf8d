"""A final report as files: what was unpaid, each row with how it came about, what was paid, what is left."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet, Sum

from affiliates.errors import ReportTooLong
from affiliates.models import Commission, CommissionReport
from affiliates.paper.reports import PaperLine, PaperReport, printed
from affiliates.rules import percent
from affiliates.states import CommissionState
from audit.models import Entry
from audit.spreadsheets import guarded
from ledger.money import ZERO, exactly, grouped, plain
from ledger.queries.statement_files import period_in_words

# A page holds a dozen lines, and a thousand lines take more than a second.
LINES_PRINTED_AT_MOST: Final = 2_000

_HEADER: Final = ("accrued_at", "type", "source", "base", "rate", "rate_from", "amount", "state", "commission")


@dataclass(frozen=True, slots=True)
class Balances:
    """What was unpaid when the period began, what was paid in it, and what was unpaid when it ended."""

    opening: Decimal
    paid: Decimal
    closing: Decimal


def balances_of(report: CommissionReport) -> Balances:
    """Return what the report's rows are added to: rows of earlier periods, however late they came into a report."""
    start, end = report.period_start, report.period_end
    rows = Commission.objects.filter(affiliate=report.affiliate_id, asset=report.asset_id)
    earlier = rows.exclude(state=CommissionState.VOIDED).filter(
        Q(report_line__report__period_end__lte=start) | Q(report_line=None, accrued_at__lt=start)
    )
    own = rows.filter(report_line__report=report)
    opening = _sum(earlier.filter(Q(paid_at=None) | Q(paid_at__gte=start)))
    within = Q(paid_at__gte=start, paid_at__lt=end)
    with exactly():
        paid = _sum(earlier.filter(within)) + _sum(own.filter(within))
        return Balances(opening, paid, opening + report.total - paid)


def lines_of(report: CommissionReport) -> list[Commission]:
    """Return the rows as they were when the report was made final: what was voided by then is none of them."""
    rows = list(
        Commission.objects.filter(report_line__report=report)
        .select_related("settlement__member")
        .order_by("accrued_at", "pk")
    )
    voided = [str(row.pk) for row in rows if row.state == CommissionState.VOIDED]
    if not voided or report.finalized_at is None:
        return [row for row in rows if row.state != CommissionState.VOIDED]
    since = set(
        Entry.objects.filter(
            action="affiliates.commission.voided", subject_type="affiliates.commission", subject_id__in=voided,
            at__gt=report.finalized_at,
        ).values_list("subject_id", flat=True)
    )  # fmt: skip
    return [row for row in rows if row.state != CommissionState.VOIDED or str(row.pk) in since]


def period_of(report: CommissionReport) -> str:
    """Return the days of the report, both included."""
    instant = timedelta(microseconds=1)
    return period_in_words(report.program, after=report.period_start - instant, until=report.period_end - instant)


def file_name(report: CommissionReport) -> str:
    """Return what a file of the report is called, without its ending."""
    zone = ZoneInfo(report.program.time_zone)
    first = report.period_start.astimezone(zone)
    return f"commissions-{report.affiliate.code}-{report.asset.code}-{first:%Y-%m-%d}"


def report_csv(report: CommissionReport) -> bytes:
    """Return the file for spreadsheets; no cell of it is run as a formula."""
    written = io.StringIO()
    writer = csv.writer(written)
    balances = balances_of(report)
    writer.writerow(_HEADER)
    writer.writerow(["", "OPENING", "", "", "", "", plain(balances.opening), "", ""])
    for row in lines_of(report):
        writer.writerow([
            row.accrued_at.isoformat(), row.type, guarded(source_of(row, places=report.asset.payable_scale)),
            plain(row.base) if row.base is not None else "", plain(row.rate) if row.rate is not None else "",
            guarded(row.rate_from), plain(row.amount), row.state, row.pk,
        ])  # fmt: skip
    writer.writerow(["", "TOTAL", "", "", "", "", plain(report.total), "", ""])
    writer.writerow(["", "PAID", "", "", "", "", plain(balances.paid), "", ""])
    writer.writerow(["", "CLOSING", "", "", "", "", plain(balances.closing), "", ""])
    writer.writerow(["", "SHA256", report.digest, "", "", "", "", "", ""])
    return written.getvalue().encode()


def report_pdf(report: CommissionReport) -> bytes:
    """Return the file to print.

    :raises ReportTooLong: if nobody would read it on paper.
    """
    assert report.finalized_at is not None
    if report.lines_count > LINES_PRINTED_AT_MOST:
        raise ReportTooLong(lines=report.lines_count, most=LINES_PRINTED_AT_MOST)
    asset, zone, balances = report.asset, ZoneInfo(report.program.time_zone), balances_of(report)

    def written(amount: Decimal) -> str:
        return grouped(amount, places=asset.payable_scale)

    return printed(
        PaperReport(
            title=f"Commission report {report.affiliate.code}, {period_of(report)}", program=report.program.name,
            affiliate=f"{report.affiliate.party.name} ({report.affiliate.code})", asset=f"{asset.code} ({asset.name})",
            period=period_of(report), zone=report.program.time_zone,
            finalized=f"{_day(report.finalized_at.astimezone(zone))}",
            summary=(
                ("Earned", written(report.earned)), ("Clawed back", written(report.clawed_back)),
                ("Adjusted", written(report.adjusted)), ("Of the period", written(report.total)),
            ),
            opening=written(balances.opening), total=written(report.total), paid=written(-balances.paid),
            closing=written(balances.closing), lines=_paper_lines(lines_of(report), zone, asset.payable_scale),
            digest=report.digest, at=report.finalized_at,
        )
    )  # fmt: skip


def source_of(row: Commission, *, places: int, is_short: bool = False) -> str:
    """Return what a row is for."""
    if row.settlement is None:
        return row.reason
    address = row.settlement.member.shown_address
    who = f"{address[:6]}…{address[-4:]}" if is_short else address
    return f"{grouped(row.settlement.amount, places=places)} paid by {who}"


def _paper_lines(rows: Sequence[Commission], zone: ZoneInfo, places: int) -> list[PaperLine]:
    lines = []
    for row in rows:
        at = row.accrued_at.astimezone(zone)
        said = dict.fromkeys((source_of(row, places=places, is_short=True), row.rate_from, row.reason))
        why = ". ".join(part.rstrip(".") for part in said if part)
        lines.append(
            PaperLine(
                day=_day(at), time=f"{at:%H:%M:%S}", what=str(row.get_type_display()), details=why,
                base=grouped(row.base, places=places) if row.base is not None else "",
                rate=percent(row.rate) if row.rate is not None else "", amount=grouped(row.amount, places=places),
            )
        )  # fmt: skip
    return lines


def _day(at: datetime) -> str:
    return f"{at.day} {at:%b %Y}"


def _sum(rows: QuerySet[Commission]) -> Decimal:
    return rows.aggregate(sum=Sum("amount"))["sum"] or ZERO
