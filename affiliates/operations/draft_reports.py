"""Draft the reports of a period."""

from datetime import datetime
from itertools import islice
from typing import Any, Final

from django.db import connection, transaction

from affiliates.errors import BadPeriod
from affiliates.models import CommissionReport
from affiliates.operations.total_up import total_up, whole_tables
from audit.operations import record_many
from audit.operations.record_many import Line
from identity.models import Program

AT_ONCE: Final = 1_000

# Rows that no report has; what was voided before anybody reported it is nothing to report.
_REPORTS: Final = """
INSERT INTO affiliates_commissionreport (
    id, program_id, affiliate_id, asset_id, period_start, period_end, state, lines_count, earned, clawed_back, adjusted,
    total, digest, created_at, finalized_by)
SELECT gen_random_uuid(), %(program)s, row.affiliate_id, row.asset_id, %(start)s, %(end)s, 'DRAFT', 0, 0, 0, 0, 0, '',
       %(at)s, ''
FROM affiliates_commission row LEFT JOIN affiliates_reportline line ON line.commission_id = row.id
WHERE row.program_id = %(program)s AND row.accrued_at >= %(start)s AND row.accrued_at < %(end)s
  AND line.id IS NULL AND row.state <> 'VOIDED'
GROUP BY row.affiliate_id, row.asset_id
ON CONFLICT (affiliate_id, asset_id, period_start, period_end) DO NOTHING
"""
_LINES: Final = """
INSERT INTO affiliates_reportline (program_id, report_id, commission_id)
SELECT row.program_id, report.id, row.id
FROM affiliates_commission row
JOIN affiliates_commissionreport report
  ON (report.affiliate_id, report.asset_id, report.program_id) = (row.affiliate_id, row.asset_id, row.program_id)
 AND report.period_start = %(start)s AND report.period_end = %(end)s AND report.state = 'DRAFT'
LEFT JOIN affiliates_reportline line ON line.commission_id = row.id
WHERE row.program_id = %(program)s AND row.accrued_at >= %(start)s AND row.accrued_at < %(end)s
  AND line.id IS NULL AND row.state <> 'VOIDED'
ORDER BY report.id, row.id
"""


@transaction.atomic
def draft_reports(*, program: Program, start: datetime, end: datetime, at: datetime) -> int:
    """Draft a report of each affiliate and asset for what was added from ``start`` to before ``end``; return how many.

    Asked again, drafts take in what came since, and what is final stays. The statements do not grow with the rows.

    :raises BadPeriod: if the period ends before it begins, is longer than a year and a day, or is not over.
    """
    if not start < end:
        raise BadPeriod(reason="it ends before it begins")
    if (end - start).days > 366:
        raise BadPeriod(reason="it is longer than a year")
    if end > at:
        raise BadPeriod(reason="it is not over")
    named: dict[str, Any] = {"program": program.pk, "start": start, "end": end, "at": at}
    with connection.cursor() as cursor:
        # Two who draft the same would each find rows that no report has.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('affiliates.reports', 0))")
        cursor.execute(_REPORTS, named)
        with whole_tables(cursor):
            cursor.execute(_LINES, named)
    drafts = CommissionReport.objects.filter(program=program, period_start=start, period_end=end, state="DRAFT")
    total_up(list(drafts.order_by().values_list("pk", flat=True)))

    # However many there are, only so many are held at once.
    made = drafts.filter(created_at=at).order_by().values_list("pk", "lines_count").iterator(chunk_size=AT_ONCE)
    while some := list(islice(made, AT_ONCE)):
        record_many(
            [
                Line(
                    action="affiliates.report.drafted", subject_type="affiliates.commissionreport",
                    subject_id=str(pk), program_id=program.pk, payload={"start": start, "end": end, "lines": count},
                )
                for pk, count in some
            ],
            at=at,
        )  # fmt: skip
    return drafts.count()
