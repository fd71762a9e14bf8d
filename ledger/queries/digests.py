"""Has every transaction the entries it had? Their digest, with which they are sealed, is computed again.

From the beginning, transactions are read by their ids; from a checkpoint, by the numbers of the database transactions
that wrote them, so that one which committed late is not passed by.
"""

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from django.db import connection

from ledger.queries.verification import Difference, Scope, snapshot

TRANSACTIONS_AT_ONCE: Final = 20_000
_FIRST, _LAST = UUID(int=0), UUID(int=2**128 - 1)
_STRETCH_BY_ID: Final = "t.id > %(after)s AND t.id <= %(last)s"
_STRETCH_OF_TAIL: Final = """(t.transaction_id, t.id) > (%(after_number)s, %(after)s)
  AND (t.transaction_id, t.id) <= (%(last_number)s, %(last)s)"""

# An entry as it counts for its transaction's digest; ``ledger.rows.entries_digests`` writes the same.
ENTRY_TOLD: Final = """e.debit_account_id || ':' || e.credit_account_id || ':' || e.amount || ':'
    || coalesce(e.debit_balance || ':' || e.debit_version, ':') || ':'
    || coalesce(e.credit_balance || ':' || e.credit_version, ':')"""
_DIGEST: Final = f"substr(sha256(convert_to(string_agg({ENTRY_TOLD}, ',' ORDER BY e.id), 'UTF8')), 1, 16)"

_LAST_BY_ID: Final = "SELECT id FROM ledger_transaction WHERE id > %s ORDER BY id OFFSET %s LIMIT 1"
_LAST_OF_TAIL: Final = """
SELECT transaction_id, id FROM ledger_transaction WHERE (transaction_id, id) > (%s, %s)
ORDER BY transaction_id, id OFFSET %s LIMIT 1
"""
# Entries without a transaction stand in the same stretch of ids.
_BY_ID: Final = f"""
WITH looked_at AS (
    SELECT t.id, t.program_id, t.key, t.entries_digest, t.booked_at FROM ledger_transaction t
    WHERE {_STRETCH_BY_ID} {{transactions}}
), told AS (
    SELECT e.transaction_id, min(e.debit_account_id) AS account_id, {_DIGEST} AS digest,
           min(e.booked_at) AS first_at, max(e.booked_at) AS last_at
    FROM ledger_entry e WHERE e.transaction_id > %(after)s AND e.transaction_id <= %(last)s {{entries}}
    GROUP BY e.transaction_id
)
SELECT coalesce(l.id, t.transaction_id),
       coalesce(l.program_id, (SELECT a.program_id FROM ledger_account a WHERE a.id = t.account_id)), l.key,
       l.id IS NULL, t.transaction_id IS NULL, t.digest IS DISTINCT FROM l.entries_digest
FROM looked_at l FULL JOIN told t ON t.transaction_id = l.id
WHERE t.digest IS DISTINCT FROM l.entries_digest OR t.first_at <> l.booked_at OR t.last_at <> l.booked_at
ORDER BY 1
"""  # noqa: S608  (our own words)
_OF_TAIL: Final = f"""
SELECT t.id, t.program_id, t.key, false, told.digest IS NULL, told.digest IS DISTINCT FROM t.entries_digest
FROM ledger_transaction t CROSS JOIN LATERAL (
    SELECT {_DIGEST} AS digest, min(e.booked_at) AS first_at, max(e.booked_at) AS last_at
    FROM ledger_entry e WHERE e.transaction_id = t.id
) told
WHERE {_STRETCH_OF_TAIL} {{transactions}}
  AND (told.digest IS DISTINCT FROM t.entries_digest OR told.first_at <> t.booked_at OR told.last_at <> t.booked_at)
ORDER BY 1
"""  # noqa: S608  (our own words)
_OF_PROGRAM: Final = (
    "AND EXISTS (SELECT FROM ledger_account a WHERE a.id = e.debit_account_id AND a.program_id = %(program)s OFFSET 0)"
)
# (OFFSET 0 keeps the planner from reading the other table whole: how many there are it can't know.)
# Entries of these transactions that count at another time than they were booked, and are not kept as such.
_NOT_KEPT: Final = """
SELECT t.id, t.program_id, e.id FROM ledger_transaction t
CROSS JOIN LATERAL (SELECT * FROM ledger_entry e WHERE e.transaction_id = t.id OFFSET 0) e
LEFT JOIN LATERAL (SELECT * FROM ledger_valuedated v WHERE v.entry_id = e.id OFFSET 0) v ON true
WHERE {stretch} {transactions} AND t.effective_at <> t.booked_at AND (
    (v.program_id, v.debit_account_id, v.credit_account_id, v.amount, v.is_backdated, v.reach, v.begins_at, v.ends_at)
    IS DISTINCT FROM
    (t.program_id, e.debit_account_id, e.credit_account_id, e.amount, t.effective_at < t.booked_at,
     ledger_reach(greatest(t.effective_at, t.booked_at) - least(t.effective_at, t.booked_at)),
     least(t.effective_at, t.booked_at), greatest(t.effective_at, t.booked_at)))
ORDER BY e.id
"""
# And what is kept as such without being so.
_KEPT: Final = """
SELECT v.entry_id, v.program_id, coalesce(t.effective_at <> t.booked_at, false)
FROM (SELECT * FROM ledger_valuedated WHERE entry_id > %(after)s ORDER BY entry_id LIMIT %(limit)s) v
LEFT JOIN LATERAL (SELECT * FROM ledger_entry e WHERE e.id = v.entry_id OFFSET 0) e ON true
LEFT JOIN LATERAL (SELECT * FROM ledger_transaction t WHERE t.id = e.transaction_id OFFSET 0) t ON true
ORDER BY v.entry_id
"""


def verify_digests(scope: Scope, *, horizon: int | None) -> Iterator[Difference]:
    """Yield the transactions that have other entries than they had; behind ``horizon``, if one is given."""
    yield from _by_id(scope) if horizon is None else _of_tail(scope, horizon)
    if scope.is_full:
        yield from _kept(scope)


def _by_id(scope: Scope) -> Iterator[Difference]:
    after, last = _FIRST, None
    while last != _LAST:
        with snapshot():
            last = _one(_LAST_BY_ID, [after, TRANSACTIONS_AT_ONCE - 1], (_LAST,))[0]
            found = _found(scope, _BY_ID, _STRETCH_BY_ID, {"after": after, "last": last})
        yield from found
        after = last


def _of_tail(scope: Scope, horizon: int) -> Iterator[Difference]:
    after: Any = (horizon, _FIRST)
    last, end = None, (2**62, _LAST)
    while last != end:
        with snapshot():
            last = _one(_LAST_OF_TAIL, [*after, TRANSACTIONS_AT_ONCE - 1], end)
            limits = {"after_number": after[0], "after": after[1], "last_number": last[0], "last": last[1]}
            found = _found(scope, _OF_TAIL, _STRETCH_OF_TAIL, limits)
        yield from found
        after = last


def _kept(scope: Scope) -> Iterator[Difference]:
    after, page = 0, [None] * TRANSACTIONS_AT_ONCE
    while len(page) == TRANSACTIONS_AT_ONCE:
        with snapshot(), connection.cursor() as cursor:
            cursor.execute(_KEPT, {"after": after, "limit": TRANSACTIONS_AT_ONCE})
            page = cursor.fetchall()
        for entry_id, program_id, is_so in page:
            after = entry_id
            if not is_so and scope.program_id in (None, program_id):
                says = f"Entry {entry_id} is kept as counting at another time than it was booked, and does not."
                yield Difference(what="value_date", program_id=program_id, where=str(entry_id), says=says)


def _one(statement: str, params: list[Any], default: tuple[Any, ...]) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchone() or default


def _found(scope: Scope, statement: str, stretch: str, limits: dict[str, Any]) -> list[Difference]:
    conditions, params = _conditions(scope), {"program": scope.program_id, "since": scope.since, **limits}
    with connection.cursor() as cursor:
        cursor.execute(statement.format(**conditions), params)
        found = [_difference(*each) for each in cursor.fetchall()]
        cursor.execute(_NOT_KEPT.format(stretch=stretch, **conditions), params)
        return found + [_not_kept(*each) for each in cursor.fetchall()]


def _not_kept(identifier: UUID, program_id: UUID, entry_id: int) -> Difference:
    says = f"Entry {entry_id} counts at another time than it was booked, and is not kept as it is."
    return Difference(what="value_date", program_id=program_id, where=str(identifier), says=says)


def _conditions(scope: Scope) -> dict[str, str]:
    transactions = entries = ""
    if scope.program_id is not None:
        transactions, entries = "AND t.program_id = %(program)s", _OF_PROGRAM
    if scope.since is not None:
        transactions, entries = (
            transactions + " AND t.booked_at >= %(since)s",
            entries + " AND e.booked_at >= %(since)s",
        )
    return {"transactions": transactions, "entries": entries}


def _difference(
    identifier: UUID, program_id: UUID, key: str | None, is_gone: bool, is_empty: bool, differs: bool
) -> Difference:
    what, says = "moment", f"Transaction {identifier} under the key {key} has entries of another moment."
    if is_gone:
        what, says = "no_transaction", f"There are entries of transaction {identifier}, and no transaction."
    elif is_empty:
        what, says = "no_entries", f"Transaction {identifier} under the key {key} has no entries."
    elif differs:
        what, says = "entries", f"Transaction {identifier} under the key {key} has other entries than it had."
    return Difference(what=what, program_id=program_id, where=str(identifier), says=says)
