"""Does every account hold what its entries come to, and does each running balance follow from the one before?

Accounts are taken in pages of so many entries. One that has more by itself is walked in pieces.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection

from ledger.queries.pieces import BEGINNING, END, end_of_piece
from ledger.queries.verification import Difference, Scope, snapshot

ACCOUNTS_AT_ONCE: Final = 20_000
SIDES_AT_ONCE: Final = 3_000_000

_HEADS: Final = """
SELECT a.id, a.program_id, a.code || ' ' || x.code, h.stripes > 1, h.amount, h.version::bigint,
       c.amount, c.entries, c.booked_at
FROM ledger_account a JOIN ledger_asset x ON x.id = a.asset_id
CROSS JOIN LATERAL (
    SELECT sum(b.amount) AS amount, sum(b.version) AS version, count(*) AS stripes
    FROM ledger_balance b WHERE b.account_id = a.id
) h
LEFT JOIN ledger_checkpoint c ON c.account_id = a.id
WHERE a.id > %(after)s {only} ORDER BY a.id LIMIT %(limit)s
"""

# With --since: the last entry before, whose own balance and version are believed.
_BEFORE: Final = """
SELECT l.id, side.amount, side.version, side.booked_at
FROM unnest(%(accounts)s::bigint[]) AS l (id) CROSS JOIN LATERAL (
    (SELECT e.debit_balance AS amount, e.debit_version AS version, e.booked_at FROM ledger_entry e
     WHERE e.debit_account_id = l.id AND e.booked_at < %(since)s ORDER BY e.booked_at DESC, e.id DESC LIMIT 1)
    UNION ALL
    (SELECT e.credit_balance, e.credit_version, e.booked_at FROM ledger_entry e
     WHERE e.credit_account_id = l.id AND e.booked_at < %(since)s ORDER BY e.booked_at DESC, e.id DESC LIMIT 1)
    ORDER BY version DESC NULLS LAST LIMIT 1
) side
WHERE side.version IS NOT NULL
"""

# What each side of each entry changed, in the account's normal direction; then the chain and the sum they make, and in
# the same statement, and so of the same moment, what the balance says.
_CHAINS: Final = """
WITH looked_at AS MATERIALIZED (
    SELECT l.*, a.account_class IN ('ASSET', 'EXPENSE') AS grows_by_debit, b.floor, b.amount AS held,
           b.version AS counted, b.booked_at AS last_at
    FROM unnest(%(accounts)s::bigint[], %(amounts)s::numeric[], %(entries)s::bigint[], %(ats)s::timestamptz[])
         AS l (id, amount, entries, at)
    JOIN ledger_account a ON a.id = l.id AND a.id BETWEEN %(first)s AND %(last)s
    JOIN ledger_balance b ON b.account_id = l.id AND b.account_id BETWEEN %(first)s AND %(last)s
), sides AS (
    SELECT l.id AS account_id, e.booked_at, CASE WHEN l.grows_by_debit THEN e.amount ELSE -e.amount END AS change,
           e.debit_balance AS left_, e.debit_version AS version
    FROM {debits}
    UNION ALL
    SELECT l.id, e.booked_at, CASE WHEN l.grows_by_debit THEN -e.amount ELSE e.amount END,
           e.credit_balance AS left_, e.credit_version AS version
    FROM {credits}
    UNION ALL
    -- Where the chain begins stands before its first link.
    SELECT l.id, l.at, 0, l.amount, l.entries FROM looked_at l
), linked AS (
    SELECT account_id, booked_at, change, left_, version, lag(version) OVER links + 1 AS place,
           lag(left_) OVER links + change AS expected, lag(booked_at) OVER links AS booked_before
    FROM sides WINDOW links AS (PARTITION BY account_id ORDER BY version)
), weighed AS (
    SELECT *, CASE WHEN place IS NULL THEN NULL WHEN version IS DISTINCT FROM place THEN 'version'
                   WHEN left_ <> expected THEN 'running_balance' WHEN booked_at < booked_before THEN 'order' END AS what
    FROM linked
), told AS (
    SELECT account_id, count(*) - 1 AS entries, sum(change) AS change, max(booked_at) AS last_at, min(left_) AS lowest,
           -- The first of them is the least text.
           substr(min(lpad(place::text, 20, '0')
                      || json_build_array(what, booked_at, left_::text, expected::text, version, place)::text)
                  FILTER (WHERE what IS NOT NULL), 21) AS broken
    FROM weighed GROUP BY account_id
)
SELECT l.id, t.entries, l.amount + t.change, t.last_at, t.broken,
       CASE WHEN t.lowest < l.floor THEN t.lowest END, l.held, l.counted
FROM looked_at l JOIN told t ON t.account_id = l.id ORDER BY l.id
"""
# Account by account, from where each begins; or all that stand side by side at once, from the beginning, in the order
# in which their entries lie on disk. What an account did lies all over the table, and the second way meets each page of
# it once for all of them.
_SINGLY: Final = """looked_at l CROSS JOIN LATERAL (
    SELECT * FROM ledger_entry e WHERE e.{side}_account_id = l.id AND e.booked_at >= l.at AND e.booked_at <= %(until)s
      AND (e.{side}_version > l.entries) IS NOT FALSE OFFSET 0
) e"""
_TOGETHER: Final = """ledger_entry e JOIN looked_at l ON l.id = e.{side}_account_id
    WHERE e.{side}_account_id BETWEEN %(first)s AND %(last)s"""
_JOINS: Final = "SELECT set_config('enable_nestloop', %(on)s, true), set_config('enable_mergejoin', %(on)s, true)"


@dataclass(frozen=True, slots=True)
class Link:
    """Where a chain begins, or has been followed to: what was left by which entry."""

    amount: Decimal = Decimal(0)
    entries: int = 0
    booked_at: datetime = BEGINNING


@dataclass(frozen=True, slots=True)
class Head:
    """An account as its balance says it is, and from where on it is looked at."""

    account_id: int
    program_id: UUID
    where: str
    is_striped: bool
    amount: Decimal | None
    version: int
    start: Link

    @property
    def sides(self) -> int:
        """How many entries there should be to look at."""
        return max(self.version - self.start.entries, 0)

    @property
    def is_as_it_was(self) -> bool:
        """Whether nothing came behind the start, which is a checkpoint."""
        return self.start.entries > 0 and (self.version, self.amount) == (self.start.entries, self.start.amount)


@dataclass(slots=True)
class Page:
    """What was found on some accounts, which of them are broken, and where the chains of the others end."""

    differences: list[Difference] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    proven: dict[int, Link] = field(default_factory=dict)

    def add(self, account_id: int, differences: Iterable[Difference], link: Link) -> None:
        """Add what was found on an account; ``link`` holds if that is nothing."""
        before = len(self.differences)
        self.differences.extend(differences)
        if len(self.differences) > before:
            self.broken.append(account_id)
        else:
            self.proven[account_id] = link


def pages_of_heads(scope: Scope) -> Iterator[list[Head]]:
    """Yield the accounts in ``scope``, in pages, each with where its chain begins."""
    only = "AND a.program_id = %(program)s" if scope.program_id else ""
    only += " AND a.id = %(account)s" if scope.account_id else ""
    after = 0
    while True:
        with snapshot(), connection.cursor() as cursor:
            params = {"after": after, "program": scope.program_id, "account": scope.account_id}
            cursor.execute(_HEADS.format(only=only), {**params, "limit": ACCOUNTS_AT_ONCE})
            rows = cursor.fetchall()
            before = _before(cursor, [row[0] for row in rows], scope.since) if scope.since else {}
        yield [_head(row, scope, before) for row in rows]
        if len(rows) < ACCOUNTS_AT_ONCE:
            return
        after = rows[-1][0]


def _before(cursor: Any, accounts: list[int], since: datetime) -> dict[int, Link]:
    cursor.execute(_BEFORE, {"accounts": accounts, "since": since})
    return {row[0]: Link(*row[1:]) for row in cursor.fetchall()}


def _head(row: tuple[Any, ...], scope: Scope, before: dict[int, Link]) -> Head:
    account_id, program_id, where, is_striped, amount, version, *checkpoint = row
    start = before.get(account_id, Link())
    if scope.believes_checkpoints and checkpoint[1] is not None:
        start = Link(*checkpoint)
    return Head(account_id, program_id, where, is_striped, amount, version or 0, start)


def verify_chains(heads: Sequence[Head], scope: Scope) -> Iterator[Page]:
    """Yield what is found on accounts with a running balance, in pages of so many entries."""
    page: list[Head] = []
    sides = 0
    for head in heads:
        if head.sides > SIDES_AT_ONCE:
            yield _walk(head, scope)
            continue
        if sides + head.sides > SIDES_AT_ONCE:
            yield _look(page, scope)
            page, sides = [], 0
        page.append(head)
        sides += head.sides
    if page:
        yield _look(page, scope)


def _look(heads: Sequence[Head], scope: Scope) -> Page:
    page = Page()
    with snapshot():
        rows = _rows([(head.account_id, head.start) for head in heads], until=END)
    for head, row in zip(heads, rows, strict=True):
        scope.examined.add(sides=row.entries)
        page.add(head.account_id, _differences(head, row), row.link)
    return page


def _walk(head: Head, scope: Scope) -> Page:
    """Follow one long chain piece by piece. What is behind a piece stays as it is: later entries come later."""
    broken = below = None
    link, until = head.start, BEGINNING
    with snapshot():
        while until != END:
            until = end_of_piece(head.account_id, after=link.booked_at, until=END, entries=SIDES_AT_ONCE // 6) or END
            [row] = _rows([(head.account_id, link)], until=until)
            scope.examined.add(sides=row.entries)
            broken, below, link = broken or row.broken, below or row.below, row.link
    page = Page()
    page.add(head.account_id, _differences(head, _Row(0, link, broken, below, row.held, row.counted)), link)
    return page


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the statement: ``entries`` were looked at and lead to ``link``; the balance says the rest."""

    entries: int
    link: Link
    broken: str | None
    below: Decimal | None  # what it came down to, where that is below its floor
    held: Decimal
    counted: int


def _rows(starts: Sequence[tuple[int, Link]], *, until: datetime) -> list[_Row]:
    first, last, counts = starts[0][0], starts[-1][0], dict(starts)
    side_by_side = last - first < 2 * len(starts) and until == END
    together = side_by_side and not any(link.entries for _, link in starts)
    params: dict[str, Any] = {
        "accounts": [account_id for account_id, _ in starts],
        "amounts": [link.amount for _, link in starts],
        "entries": [link.entries for _, link in starts],
        "ats": [link.booked_at for _, link in starts],
        "first": first,
        "last": last,
        "until": until,
    }
    sides = _TOGETHER if together else _SINGLY
    statement = _CHAINS.format(debits=sides.format(side="debit"), credits=sides.format(side="credit"))
    with connection.cursor() as cursor:
        cursor.execute(_JOINS, {"on": "off" if together else "on"})
        cursor.execute(statement, params)
        return [
            _Row(entries, Link(amount, counts[account_id].entries + entries, at), *rest)
            for account_id, entries, amount, at, *rest in cursor.fetchall()
        ]


def _differences(head: Head, row: _Row) -> Iterator[Difference]:
    def difference(what: str, says: str) -> Difference:
        return Difference(what=what, program_id=head.program_id, where=head.where, says=says)

    if row.broken:
        what, booked_at, left, expected, version, place = json.loads(row.broken)
        entry = f"The entry booked at {booked_at}"
        yield difference(what, {
            "version": f"{entry} is number {place} of the account and says it is {version}.",
            "running_balance": f"{entry}, number {version}, leaves {left}; those before it make it {expected}.",
            "order": f"{entry}, number {version}, was booked before the one it follows.",
        }[what])  # fmt: skip
    if row.below is not None:
        yield difference("floor", f"It came down to {row.below}, below the account's floor.")
    if row.held != row.link.amount:
        says = f"The balance is {row.held}, and its {row.link.entries} entries come to {row.link.amount}."
        yield difference("balance", says)
    if row.counted != row.link.entries:
        says = f"The balance counts {row.counted} entries, and there are {row.link.entries}."
        yield difference("count", says)
