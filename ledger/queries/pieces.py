"""What is long is read in pieces, by the times at which it was booked."""

from datetime import UTC, datetime
from typing import Final

from django.db import connection

BEGINNING: Final = datetime(1, 1, 1, tzinfo=UTC)
END: Final = datetime(9999, 12, 31, tzinfo=UTC)

_END_OF_PIECE: Final = """
SELECT booked_at FROM (
    (SELECT e.booked_at FROM ledger_entry e WHERE e.debit_account_id = %(account)s AND e.booked_at > %(after)s
       AND e.booked_at <= %(until)s ORDER BY e.booked_at LIMIT %(limit)s)
    UNION ALL
    (SELECT e.booked_at FROM ledger_entry e WHERE e.credit_account_id = %(account)s AND e.booked_at > %(after)s
       AND e.booked_at <= %(until)s ORDER BY e.booked_at LIMIT %(limit)s)
) sides ORDER BY booked_at OFFSET %(limit)s - 1 LIMIT 1
"""


def end_of_piece(account_id: int, *, after: datetime, until: datetime, entries: int) -> datetime | None:
    """Return up to when the account's next ``entries`` were booked; None where no more than that are left."""
    with connection.cursor() as cursor:
        cursor.execute(_END_OF_PIECE, {"account": account_id, "after": after, "until": until, "limit": entries})
        row = cursor.fetchone()
    return row[0] if row else None
