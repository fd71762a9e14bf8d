"""Do striped accounts hold what their entries come to, and did they at every milestone?

Without running balances there is no chain to follow; sums lead from milestone to milestone, and from the last one to
what the stripes hold now. Behind a milestone nothing more is booked, so each piece stays as it was looked at.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from ledger.queries.chains import Head, Link, Page
from ledger.queries.pieces import END
from ledger.queries.verification import Difference, Scope, snapshot

MILESTONES_AT_ONCE: Final = 100

_AHEAD: Final = """
SELECT at FROM ledger_milestone WHERE account_id = %(account)s AND at > %(after)s
ORDER BY at OFFSET %(count)s - 1 LIMIT 1
"""
_LAST_AHEAD: Final = "SELECT max(at) FROM ledger_milestone WHERE account_id = %(account)s AND at > %(after)s"
_LAST_BEFORE: Final = """
SELECT amount, entries, at FROM ledger_milestone WHERE account_id = %(account)s AND at < %(since)s
ORDER BY at DESC LIMIT 1
"""
_SUMS: Final = """
WITH account AS (
    SELECT CASE WHEN account_class IN ('ASSET', 'EXPENSE') THEN 1 ELSE -1 END AS sign
    FROM ledger_account WHERE id = %(account)s
), moments AS (
    SELECT booked_at, sum(change) AS change, count(*) AS entries, count(version) AS with_version FROM (
        SELECT e.booked_at, account.sign * e.amount AS change, e.debit_version AS version FROM ledger_entry e, account
        WHERE e.debit_account_id = %(account)s AND e.booked_at > %(after)s AND e.booked_at <= %(until)s
        UNION ALL
        SELECT e.booked_at, -account.sign * e.amount, e.credit_version FROM ledger_entry e, account
        WHERE e.credit_account_id = %(account)s AND e.booked_at > %(after)s AND e.booked_at <= %(until)s
    ) sides GROUP BY booked_at
), summed AS (
    SELECT booked_at, %(amount)s + sum(change) OVER so_far AS amount, %(entries)s + sum(entries) OVER so_far AS entries,
           with_version
    FROM moments WINDOW so_far AS (ORDER BY booked_at)
), broken AS (
    SELECT m.at, m.amount, s.amount AS expected FROM ledger_milestone m LEFT JOIN summed s ON s.booked_at = m.at
    WHERE m.account_id = %(account)s AND m.at > %(after)s AND m.at <= %(until)s
      AND (s.amount IS DISTINCT FROM m.amount OR s.entries IS DISTINCT FROM m.entries)
    ORDER BY m.at LIMIT 1
)
SELECT (SELECT coalesce(sum(change), 0) FROM moments), (SELECT coalesce(sum(entries), 0)::bigint FROM moments),
       (SELECT coalesce(sum(with_version), 0) FROM moments),
       (SELECT ARRAY[at::text, amount::text, coalesce(expected::text, 'nothing')] FROM broken),
       sum(b.amount), sum(b.version)::bigint
FROM ledger_balance b WHERE b.account_id = %(account)s
"""


def verify_striped(head: Head, scope: Scope) -> Page:
    """Return what is found on one striped account; proven is its last milestone."""
    differences: list[Difference] = []
    with snapshot():
        start = head.start if scope.since is None else _before(head.account_id, scope.since)
        proven, row = start, None
        for until in _pieces(head.account_id, after=start.booked_at):
            row = _sums(head.account_id, proven, until)
            change, entries, with_version, broken, held, counted = row
            scope.examined.add(sides=entries)
            differences += _in_piece(head, broken, with_version)
            link = Link(proven.amount + change, proven.entries + entries, until)
            if until != END:
                proven = link
    differences += _at_the_end(head, link, held, counted)
    page = Page()
    page.add(head.account_id, differences, proven)
    return page


def _before(account_id: int, since: datetime) -> Link:
    with connection.cursor() as cursor:
        cursor.execute(_LAST_BEFORE, {"account": account_id, "since": since})
        row = cursor.fetchone()
    return Link(*row) if row else Link()


def _pieces(account_id: int, *, after: datetime) -> Iterator[datetime]:
    """Yield where each piece ends: at milestones, the last of them too, and at last open."""
    while True:
        with connection.cursor() as cursor:
            params: dict[str, Any] = {"account": account_id, "after": after, "count": MILESTONES_AT_ONCE}
            cursor.execute(_AHEAD, params)
            row = cursor.fetchone()
            if row is None:
                cursor.execute(_LAST_AHEAD, params)
                row = cursor.fetchone()
        if row[0] is None:
            yield END
            return
        yield row[0]
        after = row[0]


def _sums(account_id: int, behind: Link, until: datetime) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            _SUMS,
            {"account": account_id, "after": behind.booked_at, "until": until, "amount": behind.amount,
             "entries": behind.entries},
        )  # fmt: skip
        row: tuple[Any, ...] = cursor.fetchone()
    return row


def _in_piece(head: Head, broken: list[str] | None, with_version: int) -> Iterator[Difference]:
    if broken:
        at, amount, expected = broken
        says = f"The milestone of {at} says {amount}; the entries until then come to {expected}."
        yield Difference(what="milestone", program_id=head.program_id, where=head.where, says=says)
    if with_version:
        says = f"{with_version} entries say what they left on an account that has no running balance."
        yield Difference(what="version", program_id=head.program_id, where=head.where, says=says)


def _at_the_end(head: Head, link: Link, held: Decimal, counted: int) -> Iterator[Difference]:
    if held != link.amount:
        says = f"The balance is {held}, and its {link.entries} entries come to {link.amount}."
        yield Difference(what="balance", program_id=head.program_id, where=head.where, says=says)
    if counted != link.entries:
        says = f"The balance counts {counted} entries, and there are {link.entries}."
        yield Difference(what="count", program_id=head.program_id, where=head.where, says=says)
