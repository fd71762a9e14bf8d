"""Write into drafts of reports what their rows come to."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper

_TOTALS: Final = """
UPDATE affiliates_commissionreport report
SET lines_count = sums.count, earned = sums.earned, clawed_back = sums.clawed_back, adjusted = sums.adjusted,
    total = sums.earned + sums.clawed_back + sums.adjusted
FROM (
    SELECT wanted.id, count(row.id) AS count,
           coalesce(sum(row.amount) FILTER (WHERE row.type IN ('DIRECT', 'OVERRIDE')), 0) AS earned,
           coalesce(sum(row.amount) FILTER (WHERE row.type IN ('CLAWBACK', 'REINSTATEMENT')), 0) AS clawed_back,
           coalesce(sum(row.amount) FILTER (WHERE row.type IN ('ADJUSTMENT', 'CARRY')), 0) AS adjusted
    FROM unnest(%s::uuid[]) AS wanted (id)
    LEFT JOIN affiliates_reportline line ON line.report_id = wanted.id
    LEFT JOIN affiliates_commission row ON row.id = line.commission_id AND row.state <> 'VOIDED'
    GROUP BY wanted.id
) sums
WHERE report.id = sums.id AND report.state = 'DRAFT'
"""


def total_up(report_ids: Sequence[UUID]) -> None:
    """Write into drafts what their rows come to by now."""
    with connection.cursor() as cursor, whole_tables(cursor):
        cursor.execute(_TOTALS, [list(report_ids)])


@contextmanager
def whole_tables(cursor: CursorWrapper) -> Iterator[None]:
    """Have tables read through once in what follows.

    Reports and their lines were written a moment ago, so the planner takes them for empty, and would look each row of
    half a million up by itself.
    """
    cursor.execute("SET LOCAL enable_nestloop = off")
    yield
    cursor.execute("SET LOCAL enable_nestloop = on")
