"""Do the books agree with themselves? Every sum and every running balance is computed again from the entries.

Accounts are looked at in pages. A page is one statement and so one snapshot: the answer is right while others book.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import connection

ACCOUNTS_AT_ONCE: Final = 500
TRANSACTIONS_AT_ONCE: Final = 5_000

# What each side of each entry changed, in the account's normal direction; then the chain and the sum they make.
_ACCOUNTS: Final = """
WITH looked_at AS (
    SELECT a.id, a.program_id, a.code, x.code AS asset, a.account_class IN ('ASSET', 'EXPENSE') AS grows_by_debit
    FROM ledger_account a JOIN ledger_asset x ON x.id = a.asset_id
    WHERE a.id > %(after)s AND (%(program)s::uuid IS NULL OR a.program_id = %(program)s)
      AND (%(account)s::bigint IS NULL OR a.id = %(account)s)
    ORDER BY a.id LIMIT %(limit)s
), sides AS (
    SELECT l.id AS account_id, e.id, CASE WHEN l.grows_by_debit THEN e.amount ELSE -e.amount END AS change,
           e.debit_balance AS left_, e.debit_version AS version
    FROM looked_at l JOIN ledger_entry e ON e.debit_account_id = l.id
    UNION ALL
    SELECT l.id, e.id, CASE WHEN l.grows_by_debit THEN -e.amount ELSE e.amount END, e.credit_balance, e.credit_version
    FROM looked_at l JOIN ledger_entry e ON e.credit_account_id = l.id
), chained AS (
    SELECT account_id, id, change, left_, version, row_number() OVER links AS place,
           coalesce(lag(left_) OVER links, 0) + change AS expected
    FROM sides WINDOW links AS (PARTITION BY account_id ORDER BY version, id)
), held AS (
    SELECT b.account_id, sum(b.amount) AS amount, sum(b.version) AS version, max(b.floor) AS floor,
           count(*) > 1 AS striped
    FROM ledger_balance b JOIN looked_at l ON l.id = b.account_id GROUP BY b.account_id
), broken AS (
    SELECT DISTINCT ON (c.account_id) c.account_id, c.id,
           CASE WHEN c.version IS DISTINCT FROM c.place THEN 'version' WHEN c.left_ <> c.expected THEN 'running_balance'
                ELSE 'floor' END AS what, c.left_, c.expected, c.version, c.place
    FROM chained c JOIN held h ON h.account_id = c.account_id
    WHERE NOT h.striped AND (c.version IS DISTINCT FROM c.place OR c.left_ <> c.expected OR c.left_ < h.floor)
    ORDER BY c.account_id, c.place
), summed AS (
    SELECT account_id, sum(change) AS amount, count(*) AS entries FROM sides GROUP BY account_id
)
SELECT l.id, l.program_id, l.code, l.asset, coalesce(s.entries, 0), h.amount, coalesce(s.amount, 0), h.version,
       r.id, r.what, r.left_, r.expected, r.version, r.place
FROM looked_at l
LEFT JOIN held h ON h.account_id = l.id
LEFT JOIN summed s ON s.account_id = l.id
LEFT JOIN broken r ON r.account_id = l.id
ORDER BY l.id
"""

_SUMS: Final = """
SELECT a.program_id, x.code, sum(CASE WHEN a.account_class IN ('ASSET', 'EXPENSE') THEN b.amount ELSE -b.amount END),
       coalesce(sum(b.amount) FILTER (WHERE a.role = 'PAYOUTS'), 0)
FROM ledger_balance b JOIN ledger_account a ON a.id = b.account_id JOIN ledger_asset x ON x.id = a.asset_id
WHERE %(program)s::uuid IS NULL OR a.program_id = %(program)s
GROUP BY a.program_id, x.code ORDER BY a.program_id, x.code
"""

# Their entries are sealed with the transactions: what they come to is computed again, page by page.
_TRANSACTIONS: Final = """
WITH looked_at AS (
    SELECT t.id, t.program_id, t.key, t.entries_digest FROM ledger_transaction t
    WHERE t.id > %(after)s AND (%(program)s::uuid IS NULL OR t.program_id = %(program)s)
    ORDER BY t.id LIMIT %(limit)s
), told AS (
    SELECT e.transaction_id, substr(sha256(convert_to(string_agg(
               e.debit_account_id || ':' || e.credit_account_id || ':' || e.amount || ':'
               || coalesce(e.debit_balance || ':' || e.debit_version, ':') || ':'
               || coalesce(e.credit_balance || ':' || e.credit_version, ':'), ',' ORDER BY e.id
           ), 'UTF8')), 1, 16) AS digest
    FROM looked_at l JOIN ledger_entry e ON e.transaction_id = l.id GROUP BY e.transaction_id
)
SELECT l.id, l.program_id, l.key, t.digest IS NULL, t.digest IS DISTINCT FROM l.entries_digest
FROM looked_at l LEFT JOIN told t ON t.transaction_id = l.id ORDER BY l.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something that does not agree, and where."""

    what: str
    program_id: UUID
    where: str
    says: str


@dataclass(slots=True)
class Examined:
    """How much was looked at."""

    accounts: int = 0
    sides: int = 0
    last_account: str = ""


@dataclass(frozen=True, slots=True)
class Total:
    """What a program's balances of one asset come to; in balance it is zero."""

    program_id: UUID
    asset: str
    imbalance: Decimal
    payouts: Decimal


@dataclass(slots=True)
class Scope:
    """Which books: all, one program's, or one account."""

    program_id: UUID | None = None
    account_id: int | None = None
    examined: Examined = field(default_factory=Examined)


def verify_books(scope: Scope) -> Iterator[Difference]:
    """Yield everything in ``scope`` that does not agree."""
    if scope.account_id is None:
        yield from _verify_totals(scope)
        yield from _verify_transactions(scope)
    yield from _verify_accounts(scope)


def totals(*, program_id: UUID | None = None) -> list[Total]:
    """Return the sums over all balances, by program and asset."""
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, {"program": program_id})
        return [Total(*row) for row in cursor.fetchall()]


def _verify_totals(scope: Scope) -> Iterator[Difference]:
    for total in totals(program_id=scope.program_id):
        if total.imbalance:
            says = f"The balances come to {total.imbalance} instead of zero."
            yield Difference(what="imbalance", program_id=total.program_id, where=total.asset, says=says)
        if total.payouts:
            says = f"{total.payouts} stand where payouts only pass through."
            yield Difference(what="payouts", program_id=total.program_id, where=total.asset, says=says)


def _verify_transactions(scope: Scope) -> Iterator[Difference]:
    after = UUID(int=0)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_TRANSACTIONS, {"after": after, "program": scope.program_id, "limit": TRANSACTIONS_AT_ONCE})
            page = cursor.fetchall()
        for identifier, program_id, key, is_empty, differs in page:
            if differs:
                what, verb = (
                    ("no_entries", "has no entries") if is_empty else ("entries", "has other entries than it had")
                )
                says = f"Transaction {identifier} under the key {key} {verb}."
                yield Difference(what=what, program_id=program_id, where=str(identifier), says=says)
        if len(page) < TRANSACTIONS_AT_ONCE:
            return
        after = page[-1][0]


def _verify_accounts(scope: Scope) -> Iterator[Difference]:
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                _ACCOUNTS,
                {"after": after, "program": scope.program_id, "account": scope.account_id, "limit": ACCOUNTS_AT_ONCE},
            )
            page = cursor.fetchall()
        for row in page:
            scope.examined.accounts += 1
            scope.examined.sides += row[4]
            yield from _of_account(*row)
        if len(page) < ACCOUNTS_AT_ONCE:
            return
        after = page[-1][0]


def _of_account(  # one row of the statement
    account_id: int, program_id: UUID, code: str, asset: str, entries: int, held: Decimal | None, summed: Decimal,
    version: Decimal | None, entry_id: int | None, what: str | None, left: Decimal | None, expected: Decimal | None,
    at_version: int | None, place: int | None,
) -> Iterator[Difference]:  # fmt: skip
    where = f"{code} {asset}"
    if held is None:
        yield Difference(what="no_balance", program_id=program_id, where=where, says="The account has no balance row.")
        return
    if what == "version":
        says = f"Entry {entry_id} is number {place} of the account and says it is {at_version}."
        yield Difference(what="version", program_id=program_id, where=where, says=says)
    elif what == "running_balance":
        says = f"Entry {entry_id} leaves {left}; the entries before it make it {expected}."
        yield Difference(what="running_balance", program_id=program_id, where=where, says=says)
    elif what == "floor":
        says = f"Entry {entry_id} leaves {left}, below the account's floor."
        yield Difference(what="floor", program_id=program_id, where=where, says=says)
    if held != summed:
        says = f"The balance is {held}, and its {entries} entries come to {summed}."
        yield Difference(what="balance", program_id=program_id, where=where, says=says)
    if version != entries:
        says = f"The balance counts {version} entries, and there are {entries}."
        yield Difference(what="count", program_id=program_id, where=where, says=says)
