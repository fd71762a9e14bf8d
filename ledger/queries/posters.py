"""Who is booking at this moment, and when they have all ended."""

import time
from datetime import datetime

from django.db import connection

from ledger.errors import PostersStillRun


def wait_for_posters(*, patience_seconds: int) -> datetime:
    """Wait until everybody has ended who books now, and return a moment up to which nothing more will be booked.

    Who posts has a number from its first lock on, and reads the clock behind it: whoever takes a number from now on
    books later than the moment that is returned.

    :raises PostersStillRun: if somebody is under way for too long.
    """
    deadline = time.monotonic() + patience_seconds
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        # In a statement of its own, behind the clock.
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        next_one = cursor.fetchone()[0]
        while time.monotonic() < deadline:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= %s", [next_one])
            if cursor.fetchone()[0]:
                return moment
            cursor.execute("SELECT pg_sleep(0.05)")
    raise PostersStillRun(seconds=patience_seconds)
