"""What happened on an account, line by line, and what was left after each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import connection

from ledger.models import Account
from ledger.queries.balances import balance_booked_at

LINES_AT_MOST: Final = 10_000

_LINES: Final = """
SELECT e.id, e.booked_at, coalesce(t.effective_at, t.booked_at), t.id, t.kind, t.key, t.memo, other.code, e.is_debit,
       e.amount, e.left_
FROM (
    (SELECT id, booked_at, transaction_id, credit_account_id AS other_id, true AS is_debit, amount,
            debit_balance AS left_
     FROM ledger_entry WHERE debit_account_id = %(account)s AND booked_at > %(after)s AND booked_at <= %(until)s
       AND (booked_at, id) > (%(seek_at)s, %(seek_id)s) ORDER BY booked_at, id LIMIT %(limit)s)
    UNION ALL
    (SELECT id, booked_at, transaction_id, debit_account_id, false, amount, credit_balance
     FROM ledger_entry WHERE credit_account_id = %(account)s AND booked_at > %(after)s AND booked_at <= %(until)s
       AND (booked_at, id) > (%(seek_at)s, %(seek_id)s) ORDER BY booked_at, id LIMIT %(limit)s)
) e
JOIN ledger_transaction t ON t.id = e.transaction_id
JOIN ledger_account other ON other.id = e.other_id
ORDER BY e.booked_at, e.id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Behind:
    """The last line of the page before."""

    booked_at: datetime
    entry_id: int
    balance: Decimal


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One entry, seen from the account; ``balance`` is what was left."""

    entry_id: int
    booked_at: datetime
    effective_at: datetime
    transaction_id: UUID
    kind: str
    key: str
    memo: str
    other: str
    debit: Decimal | None
    credit: Decimal | None
    balance: Decimal


@dataclass(frozen=True, slots=True)
class Statement:
    """An account's lines between two times, and what it held before and after."""

    account: Account
    after: datetime
    until: datetime
    opening: Decimal
    lines: Sequence[StatementLine]
    has_more: bool

    @property
    def closing(self) -> Decimal:
        """What was left by the last line."""
        return self.lines[-1].balance if self.lines else self.opening


def statement(
    account: Account,
    *,
    after: datetime,
    until: datetime,
    limit: int = LINES_AT_MOST,
    behind: "Behind | StatementLine | None" = None,
) -> Statement:
    """Return what was booked behind ``after`` and up to ``until``; ``behind`` is the last line of the page before."""
    opening = behind.balance if behind else balance_booked_at(account, at=after)
    with connection.cursor() as cursor:
        cursor.execute(
            _LINES,
            {
                "account": account.pk, "after": after, "until": until, "limit": limit + 1,
                "seek_at": behind.booked_at if behind else after, "seek_id": behind.entry_id if behind else 2**62,
            },
        )  # fmt: skip
        rows = cursor.fetchall()
    lines, left = [], opening
    for row in rows[:limit]:
        entry_id, booked_at, effective_at, transaction_id, kind, key, memo, other, is_debit, amount, running = row
        # A striped account has no running balance in the books; on paper it has one.
        left = running if running is not None else left + (amount if is_debit == account.grows_by_debit else -amount)
        debit, credit = (amount, None) if is_debit else (None, amount)
        lines.append(
            StatementLine(
                entry_id, booked_at, effective_at, transaction_id, kind, key, memo, other, debit, credit, left
            )
        )
    return Statement(account, after, until, opening, lines, len(rows) > limit)
