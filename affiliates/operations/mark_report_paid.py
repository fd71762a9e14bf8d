"""Take a report as paid."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from affiliates.errors import RowsUnpaid, UnknownReport
from affiliates.models import CommissionReport
from affiliates.states import REPORT_TRANSITIONS, UNPAID
from audit.operations import follow


@transaction.atomic
def mark_report_paid(report_id: UUID, *, program_id: UUID, at: datetime) -> CommissionReport:
    """Say that nothing of it waits; that is looked at, not believed. What was taken back is carried on.

    :raises UnknownReport: if the program has no such report.
    :raises RowsUnpaid: if rows of it are neither paid nor voided.
    :raises WrongState: if it is a draft, or paid.
    """
    report = CommissionReport.objects.locked().filter(pk=report_id, program=program_id).first()
    if report is None:
        raise UnknownReport(report=report_id)
    waiting = report.lines.filter(Q(commission__state__in=UNPAID) & ~Q(commission__amount__lte=0)).count()
    if waiting:
        raise RowsUnpaid(count=waiting)

    return follow(REPORT_TRANSITIONS, report, to="PAID", at=at, program_id=program_id, values={"paid_at": at})
