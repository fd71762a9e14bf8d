"""Make reports final."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from affiliates.errors import ReportIsFinal, UnknownReport
from affiliates.models import CommissionReport
from affiliates.operations.total_up import total_up, whole_tables
from affiliates.states import REPORT_TRANSITIONS, ReportState
from audit import context
from audit.operations import follow_many
from audit.operations.follow_many import Step

# What stands in a line of the report, in the order of the rows: who has the report can work it out again.
_DIGESTS: Final = """
SELECT line.report_id, encode(sha256(convert_to(
           string_agg(row.id::text || ' ' || row.type || ' ' || trim_scale(row.amount)::text, E'\\n' ORDER BY row.id),
           'UTF8')), 'hex')
FROM affiliates_reportline line JOIN affiliates_commission row ON row.id = line.commission_id
WHERE line.report_id = ANY (%s) AND row.state <> 'VOIDED'
GROUP BY line.report_id
"""
_OF_NOTHING: Final = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
AT_ONCE: Final = 5_000


@transaction.atomic
def finalize_reports(report_ids: Sequence[UUID], *, program_id: UUID, at: datetime) -> int:
    """Fix their rows, sums and digests for good; what is voided by then is in none of them.

    :raises UnknownReport: if the program has no such report.
    :raises ReportIsFinal: if one is final; none is made so then.
    """
    wanted = list(dict.fromkeys(report_ids))
    found = dict(CommissionReport.objects.locked().filter(pk__in=wanted, program=program_id).values_list("pk", "state"))
    for pk in wanted:
        if pk not in found:
            raise UnknownReport(report=pk)
        if found[pk] != ReportState.DRAFT:
            raise ReportIsFinal(state=ReportState(found[pk]).label.lower())
    actor = context.current().actor
    by = f"{actor.type}:{actor.id}"
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        total_up(some)
        digests = _digests(some)
        follow_many(
            REPORT_TRANSITIONS,
            [
                Step(
                    pk=pk, source=ReportState.DRAFT, to=ReportState.FINALIZED, program_id=program_id,
                    values={"digest": digests.get(pk, _OF_NOTHING), "finalized_at": at, "finalized_by": by},
                    payload={"digest": digests.get(pk, _OF_NOTHING)},
                )
                for pk in some
            ],
            at=at,
        )  # fmt: skip
    return len(wanted)


def _digests(report_ids: Sequence[UUID]) -> dict[UUID, str]:
    with connection.cursor() as cursor, whole_tables(cursor):
        cursor.execute(_DIGESTS, [list(report_ids)])
        return dict(cursor.fetchall())
