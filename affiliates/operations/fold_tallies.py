"""Add up the rows of the tallies."""

from django.db import connection, transaction

_FOLD = """
WITH many AS (
    SELECT program_id, affiliate_id, asset_id, what FROM affiliates_tally
    GROUP BY 1, 2, 3, 4 HAVING count(*) > 1 LIMIT %s
), taken AS (
    DELETE FROM affiliates_tally row USING many
    WHERE (row.program_id, row.affiliate_id, row.what) = (many.program_id, many.affiliate_id, many.what)
      AND row.asset_id IS NOT DISTINCT FROM many.asset_id
    RETURNING row.program_id, row.affiliate_id, row.asset_id, row.what, row.count, row.amount
)
INSERT INTO affiliates_tally (program_id, affiliate_id, asset_id, what, count, amount)
SELECT program_id, affiliate_id, asset_id, what, sum(count), sum(amount) FROM taken GROUP BY 1, 2, 3, 4
HAVING sum(count) <> 0 OR sum(amount) <> 0
"""


@transaction.atomic
def fold_tallies(*, most: int = 10_000) -> int:
    """Make one row of many in one statement, so that a reader sees either; return how many are left of them."""
    with connection.cursor() as cursor:
        # One at a time: of two that take the same rows, the second would find them gone.
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended('affiliates.tallies', 0))")
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(_FOLD, [most])
        return int(cursor.rowcount)
