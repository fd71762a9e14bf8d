"""What rails' statements and our attempts say of each other.

Nothing of it is stored. Lines are final, but what is known of an attempt is not: whoever kept what was concluded would
keep it past the moment at which it was true. A line is an attempt's by a name that both have: the receipt, the rail's
reference, or ours. What has none is by its amount and time, where one line and one attempt could be each other's and no
second of either could be; that is a likeness and no proof, and is called so wherever it is shown.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from wallets.models import RailStatement

# From so many lines on, each side is read once and put beside the other. Lines that have just come in are unknown to
# the planner, which would look each of them up by itself, a hundred thousand times.
_MANY: Final = 5_000
# At most between what we saw and what a statement says of the moment; and how far around it others are looked at.
APART: Final = timedelta(days=1)
_AROUND: Final = 3 * APART

BY: Final = {
    "receipt": "its receipt", "rail_reference": "the rail's reference", "reference": "our reference",
    "amount": "its amount and date alone",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Match:
    """A line of a statement, and the attempt that it is, if it is any."""

    line_id: int
    number: int
    at: datetime
    type: str
    reference: str
    amount: Decimal
    balance: Decimal
    description: str
    by: str  # how it is known; nothing where it is not
    payout_id: UUID | None
    attempt: str  # our reference
    state: str
    sent: Decimal | None  # how much we say that it was


# Lines beside what bears their name. Where the rail writes ours into the description it counts as well: 12 letters and
# digits that begin with P. What is left is put beside what is left of us, by amount and time.
MATCHED: Final = r"""
WITH lines AS MATERIALIZED (
    SELECT line.id, line.at, line.reference, line.amount, statement.account_id, statement.asset_id,
           coalesce(nullif(line.ours, ''), substring(line.description FROM '\mP[0-9A-HJKMNP-TV-Z]{11}\M'), '') AS ours
    FROM wallets_statementline line JOIN wallets_railstatement statement ON statement.id = line.statement_id
    WHERE line.type = 'ENTRY' AND (%(program)s::uuid IS NULL OR statement.program_id = %(program)s)
      AND (%(account)s::uuid IS NULL
           OR statement.account_id = %(account)s AND statement.asset_id = %(asset)s
              AND line.at >= %(begins_at)s AND line.at < %(ends_at)s)
), named AS MATERIALIZED (
    SELECT DISTINCT ON (id) id, attempt_id, by FROM (
        SELECT line.id, attempt.id AS attempt_id, 'receipt' AS by, 1 AS rank
        FROM lines line JOIN payouts_attempt attempt
             ON attempt.rail_account_id = line.account_id AND attempt.receipt = line.reference
        WHERE line.reference <> '' AND attempt.receipt <> ''
        UNION ALL
        SELECT line.id, attempt.id, 'rail_reference', 2
        FROM lines line JOIN payouts_attempt attempt
             ON attempt.rail_account_id = line.account_id AND attempt.rail_reference = line.reference
        WHERE line.reference <> '' AND attempt.rail_reference <> ''
        UNION ALL
        SELECT line.id, attempt.id, 'reference', 3
        FROM lines line JOIN payouts_attempt attempt
             ON attempt.rail_account_id = line.account_id AND attempt.reference = line.ours
        UNION ALL
        SELECT line.id, attempt.id, 'reference', 4
        FROM lines line JOIN payouts_attempt attempt
             ON attempt.rail_account_id = line.account_id AND attempt.reference = line.reference
    ) every
    ORDER BY id, rank
), lines_left AS MATERIALIZED (
    SELECT * FROM lines
    WHERE amount < 0 AND NOT EXISTS (SELECT 1 FROM named WHERE named.id = lines.id)
), attempts_left AS MATERIALIZED (
    -- Few are left of many: what is left is put together before one side is tried with the other.
    SELECT attempt.id, attempt.rail_account_id, payout.asset_id, attempt.amount, attempt.called_at,
           coalesce(attempt.settled_at, 'infinity') AS settled_at
    FROM payouts_attempt attempt JOIN payouts_payout payout ON payout.id = attempt.payout_id
    WHERE attempt.rail_account_id IN (SELECT account_id FROM lines_left) AND attempt.state <> 'REFUSED'
      AND NOT EXISTS (SELECT 1 FROM named WHERE named.attempt_id = attempt.id)
), alike AS (
    SELECT line.id, attempt.id AS attempt_id,
           count(*) OVER (PARTITION BY line.id) AS attempts, count(*) OVER (PARTITION BY attempt.id) AS lines
    FROM lines_left line
    JOIN attempts_left attempt ON attempt.rail_account_id = line.account_id AND attempt.asset_id = line.asset_id
         AND attempt.amount = -line.amount
         AND attempt.called_at <= line.at + %(apart)s AND attempt.settled_at >= line.at - %(apart)s
), matched AS MATERIALIZED (
    SELECT id, attempt_id, by FROM named
    UNION ALL SELECT id, attempt_id, 'amount' FROM alike WHERE attempts = 1 AND lines = 1
)
"""

_OF_ONE: Final = """
SELECT line.id, line.number, line.at, line.type, line.reference, line.amount, line.balance, line.description,
       coalesce(matched.by, ''), attempt.payout_id, coalesce(attempt.reference, ''), coalesce(attempt.state, ''),
       attempt.amount
FROM wallets_statementline line
LEFT JOIN matched ON matched.id = line.id LEFT JOIN payouts_attempt attempt ON attempt.id = matched.attempt_id
WHERE line.statement_id = %(statement)s
  AND (NOT %(only_left)s OR line.type = 'ENTRY' AND line.amount < 0 AND matched.id IS NULL)
ORDER BY line.number OFFSET %(skip)s LIMIT %(limit)s
"""

_COUNTED: Final = """
SELECT count(*) FILTER (WHERE line.type = 'FEE'),
       count(*) FILTER (WHERE line.type = 'ENTRY' AND line.amount > 0),
       count(*) FILTER (WHERE line.amount < 0 AND matched.by <> 'amount'),
       count(*) FILTER (WHERE line.amount < 0 AND matched.by = 'amount'),
       count(*) FILTER (WHERE line.type = 'ENTRY' AND line.amount < 0 AND matched.id IS NULL),
       coalesce(sum(-line.amount) FILTER (WHERE line.type = 'ENTRY' AND line.amount < 0 AND matched.id IS NULL), 0)
FROM wallets_statementline line LEFT JOIN matched ON matched.id = line.id
WHERE line.statement_id = %(statement)s
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many lines of a statement are what, and how much has left of which we know nothing."""

    fees: int
    came_in: int
    by_name: int
    by_amount: int
    left: int
    left_amount: Decimal


def counted(statement: RailStatement) -> Counted:
    """Count what a statement's lines are."""
    return Counted(*_asked(_COUNTED, statement)[0])


def matches(statement: RailStatement, *, skip: int = 0, limit: int, only_left: bool = False) -> list[Match]:
    """Return the lines of a statement, each with what it is; or those that went out and are nothing of ours."""
    return [Match(*row) for row in _asked(_OF_ONE, statement, skip=skip, limit=limit, only_left=only_left)]


def asked_of_all(query: str, program_id: UUID | None, *, limit: int) -> list[tuple[Any, ...]]:
    """Ask something of every line that there is."""
    everywhere = {"account": None, "asset": None, "begins_at": None, "ends_at": None}
    return _run(MATCHED + query, {"program": program_id, "apart": APART, "limit": limit, **everywhere}, is_long=True)


def _asked(query: str, statement: RailStatement, **more: object) -> list[tuple[Any, ...]]:
    return _run(
        MATCHED + query,
        {
            "program": statement.program_id, "account": statement.account_id, "asset": statement.asset_id,
            "begins_at": statement.begins_at - _AROUND, "ends_at": statement.ends_at + _AROUND, "apart": APART,
            "statement": statement.pk, **more,
        },
        is_long=statement.count >= _MANY,
    )  # fmt: skip


def _run(query: str, said: dict[str, Any], *, is_long: bool) -> list[tuple[Any, ...]]:
    with transaction.atomic(), connection.cursor() as cursor:
        if is_long:
            cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(query, said)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        if is_long:
            # A transaction around this one goes on as it was.
            cursor.execute("SET LOCAL enable_nestloop = on")
    return rows
