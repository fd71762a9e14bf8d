"""Make reports final."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from affiliates.errors import ReportIsFinal, UnknownReport
from affiliates.models import CommissionReport
from affiliates.operations.total_up import whole_tables
from affiliates.states import REPORT_TRANSITIONS, ReportState
from audit import context
from audit.operations import follow_many
from audit.operations.follow_many import Step
from ledger.money import ZERO, exactly

# What stands in the lines of a report, in the order of the rows: who has the report can work its digest out again.
_SUMS: Final = """
SELECT line.report_id, count(*),
       coalesce(sum(row.amount) FILTER (WHERE row.type IN ('DIRECT', 'OVERRIDE')), 0),
       coalesce(sum(row.amount) FILTER (WHERE row.type IN ('CLAWBACK', 'REINSTATEMENT')), 0),
       coalesce(sum(row.amount) FILTER (WHERE row.type IN ('ADJUSTMENT', 'CARRY')), 0),
       encode(sha256(convert_to(
           string_agg(row.id::text || ' ' || row.type || ' ' || trim_scale(row.amount)::text, E'\\n' ORDER BY row.id),
           'UTF8')), 'hex')
FROM affiliates_reportline line JOIN affiliates_commission row ON row.id = line.commission_id
WHERE line.report_id = ANY (%s) AND row.state <> 'VOIDED'
GROUP BY line.report_id
"""
_OF_NOTHING: Final = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
_NOTHING: Final[dict[str, Any]] = {
    "lines_count": 0, "earned": ZERO, "clawed_back": ZERO, "adjusted": ZERO, "total": ZERO, "digest": _OF_NOTHING,
}  # fmt: skip
SUMMED_AT_ONCE: Final = 5_000  # each reads the lines through once
AT_ONCE: Final = 1_000


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
    for start in range(0, len(wanted), SUMMED_AT_ONCE):
        some = wanted[start : start + SUMMED_AT_ONCE]
        sums = _sums(some)
        for first in range(0, len(some), AT_ONCE):
            _finalize(some[first : first + AT_ONCE], sums, program_id=program_id, by=by, at=at)
    return len(wanted)


def _finalize(
    report_ids: Sequence[UUID], sums: Mapping[UUID, dict[str, Any]], *, program_id: UUID, by: str, at: datetime
) -> None:
    follow_many(
        REPORT_TRANSITIONS,
        [
            Step(
                pk=pk, source=ReportState.DRAFT, to=ReportState.FINALIZED, program_id=program_id,
                values={**sums.get(pk, _NOTHING), "finalized_at": at, "finalized_by": by},
                payload={"digest": sums.get(pk, _NOTHING)["digest"]},
            )
            for pk in report_ids
        ],
        at=at,
    )  # fmt: skip


def _sums(report_ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    with connection.cursor() as cursor, whole_tables(cursor), exactly():
        cursor.execute(_SUMS, [list(report_ids)])
        return {
            pk: {
                "lines_count": count, "earned": earned, "clawed_back": taken, "adjusted": adjusted,
                "total": earned + taken + adjusted, "digest": digest,
            }
            for pk, count, earned, taken, adjusted, digest in cursor.fetchall()
        }  # fmt: skip
