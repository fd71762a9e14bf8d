"""Every account of a program's books and what stands on which side: both sides come to the same."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from operator import itemgetter
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection

from ledger.queries.balances import AROUND, RUNNING_AT, SUMMED_AT

_NOW: Final = """
SELECT a.id, a.code, a.role, a.account_class, x.code, sum(b.amount)
FROM ledger_account a JOIN ledger_asset x ON x.id = a.asset_id JOIN ledger_balance b ON b.account_id = a.id
WHERE a.program_id = %(program)s AND (%(asset)s = '' OR x.code = %(asset)s)
GROUP BY a.id, x.code
"""

_SIGN: Final = "CASE WHEN a.account_class IN ('ASSET', 'EXPENSE') THEN 1 ELSE -1 END"
# Of an account that nothing was booked on since, its balance says it.
_BOOKED_AT: Final = f"""
SELECT a.id, a.code, a.role, a.account_class, x.code,
       coalesce(CASE WHEN h.booked_at <= %(at)s THEN h.amount
                     WHEN h.striped THEN {SUMMED_AT.format(account="a.id", sign=_SIGN)}
                     ELSE {RUNNING_AT.format(account="a.id")} END, 0)
FROM ledger_account a JOIN ledger_asset x ON x.id = a.asset_id
LEFT JOIN (
    SELECT b.account_id, sum(b.amount) AS amount, max(b.booked_at) AS booked_at, count(*) > 1 AS striped
    FROM ledger_balance b JOIN ledger_account o ON o.id = b.account_id WHERE o.program_id = %(program)s
    GROUP BY b.account_id
) h ON h.account_id = a.id
WHERE a.program_id = %(program)s AND (%(asset)s = '' OR x.code = %(asset)s)
"""  # noqa: S608  (our own words)

_EFFECTIVE_AT: Final = f"""
WITH around AS MATERIALIZED (
    {AROUND.format(column="program_id", value="%(program)s")}
), moved AS (
    SELECT account_id, sum(amount) AS amount FROM (
        SELECT debit_account_id AS account_id, amount FROM around
        UNION ALL
        SELECT credit_account_id, -amount FROM around
    ) sides GROUP BY account_id
)
SELECT b.id, b.code, b.role, b.account_class, b.asset,
       b.amount + CASE WHEN b.account_class IN ('ASSET', 'EXPENSE') THEN coalesce(m.amount, 0)
                       ELSE -coalesce(m.amount, 0) END
FROM ({_BOOKED_AT}) AS b (id, code, role, account_class, asset, amount) LEFT JOIN moved m ON m.account_id = b.id
"""  # noqa: S608  (our own words)


# What is below zero stands on the other side; what is at zero on none. (OFFSET 0: each amount is looked up once.)
_LINES: Final = """
SELECT id, code, role, account_class, asset,
       CASE WHEN is_debit THEN abs(amount) ELSE 0 END, CASE WHEN is_debit THEN 0 ELSE abs(amount) END
FROM (SELECT *, (account_class IN ('ASSET', 'EXPENSE')) = (amount > 0) AS is_debit
      FROM ({held} OFFSET 0) AS held (id, code, role, account_class, asset, amount)) AS lines
WHERE amount <> 0
"""


class Line(NamedTuple):
    """An account and what stands on one of its sides."""

    account_id: int
    code: str
    role: str
    account_class: str
    asset: str
    debit: Decimal
    credit: Decimal


_BY_ASSET_AND_CODE: Final = itemgetter(Line._fields.index("asset"), Line._fields.index("code"))


@dataclass(frozen=True, slots=True)
class Branch:
    """Accounts whose codes begin alike, summed."""

    code: str
    asset: str
    accounts: int
    debit: Decimal
    credit: Decimal


@dataclass(frozen=True, slots=True)
class Sums:
    """Both sides of one asset; the books are balanced when they are equal."""

    asset: str
    debit: Decimal
    credit: Decimal

    @property
    def is_balanced(self) -> bool:
        return self.debit == self.credit


def trial_balance(
    *, program_id: UUID, asset: str = "", at: datetime | None = None, effective: bool = False
) -> list[Line]:
    """Return the accounts that are not at zero: now, or as of ``at`` by booking or, if ``effective``, by value date."""
    statement = _NOW if at is None else _EFFECTIVE_AT if effective else _BOOKED_AT
    with connection.cursor() as cursor:
        cursor.execute(_LINES.format(held=statement), {"program": program_id, "asset": asset, "at": at})
        lines = [Line._make(row) for row in cursor.fetchall()]
    return sorted(lines, key=_BY_ASSET_AND_CODE)


def tree(lines: list[Line], *, prefix: str = "", depth: int = 1) -> list[Branch]:
    """Sum the lines whose codes begin with ``prefix`` by the next ``depth`` parts of their codes."""
    branches: dict[tuple[str, str], Branch] = {}
    for line in lines:
        if line.code.startswith(prefix):
            parts = line.code[len(prefix) :].split(":")
            code = prefix + ":".join(parts[:depth]) + (":" if len(parts) > depth else "")
            known = branches.get((line.asset, code), Branch(code, line.asset, 0, Decimal(0), Decimal(0)))
            branches[line.asset, code] = Branch(
                code, line.asset, known.accounts + 1, known.debit + line.debit, known.credit + line.credit
            )
    return [branches[key] for key in sorted(branches)]


def held_effective_at(*, program_id: UUID, at: datetime) -> list[tuple[int, Decimal]]:
    """Return each account and what it held at ``at``, by value date, in its normal direction."""
    with connection.cursor() as cursor:
        cursor.execute(_EFFECTIVE_AT, {"program": program_id, "asset": "", "at": at})
        return [(row[0], row[5]) for row in cursor.fetchall()]


def sums(lines: list[Line]) -> list[Sums]:
    """Return both sides, asset by asset."""
    assets = sorted({line.asset for line in lines})
    return [
        Sums(
            asset,
            sum((line.debit for line in lines if line.asset == asset), Decimal(0)),
            sum((line.credit for line in lines if line.asset == asset), Decimal(0)),
        )
        for asset in assets
    ]
