"""Keep what striped accounts held at moments behind which nothing can be booked any more."""

from datetime import datetime
from typing import Final

from django.db import connection

from ledger.chart import ROLES
from ledger.models import Account
from ledger.queries.pieces import BEGINNING, end_of_piece
from ledger.queries.posters import wait_for_posters

PATIENCE_SECONDS: Final = 30
ENTRIES_APART: Final = 1_000
ENTRIES_AT_ONCE: Final = 100_000

_KEEP: Final = """
WITH moments AS (
    SELECT booked_at AS at, sum(change) AS change, count(*) AS entries FROM (
        SELECT e.booked_at, %(sign)s * e.amount AS change FROM ledger_entry e
        WHERE e.debit_account_id = %(account)s AND e.booked_at > %(after)s AND e.booked_at <= %(until)s
        UNION ALL
        SELECT e.booked_at, -%(sign)s * e.amount FROM ledger_entry e
        WHERE e.credit_account_id = %(account)s AND e.booked_at > %(after)s AND e.booked_at <= %(until)s
    ) sides GROUP BY booked_at
), summed AS (
    SELECT at, %(amount)s + sum(change) OVER so_far AS amount, sum(entries) OVER so_far AS entries,
           sum(entries) OVER so_far - entries AS before
    FROM moments WINDOW so_far AS (ORDER BY at)
)
INSERT INTO ledger_milestone (account_id, at, amount, entries)
SELECT %(account)s, at, amount, %(entries)s + entries FROM summed
WHERE div(entries, %(apart)s) > div(before, %(apart)s)
ON CONFLICT (account_id, at) DO NOTHING
"""
_LAST: Final = "SELECT at, amount, entries FROM ledger_milestone WHERE account_id = %s ORDER BY at DESC LIMIT 1"


def keep_milestones() -> int:
    """Keep a milestone for about every thousand entries of each striped account, and return how many are new.

    :raises PostersStillRun: if somebody is booking for too long; the next run goes on.
    """
    until = wait_for_posters(patience_seconds=PATIENCE_SECONDS)
    striped = [role.name for role in ROLES.values() if role.is_striped]
    accounts = Account.objects.filter(role__in=striped).order_by("pk")
    return sum(_keep(account, until=until) for account in accounts.iterator(chunk_size=1_000))


def _keep(account: Account, *, until: datetime) -> int:
    known = {"account": account.pk, "sign": 1 if account.grows_by_debit else -1, "apart": ENTRIES_APART}
    kept = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_LAST, [account.pk])
            after, amount, entries = cursor.fetchone() or (BEGINNING, 0, 0)
            end = end_of_piece(account.pk, after=after, until=until, entries=ENTRIES_AT_ONCE)
            piece = {"after": after, "until": end or until, "amount": amount, "entries": entries}
            cursor.execute(_KEEP, {**known, **piece})
            new: int = cursor.rowcount
            kept += new
            # What is left below a milestone waits for the next run; a piece that was full has brought one.
            if end is None or not new:
                return kept
