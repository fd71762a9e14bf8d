"""Every account of a program's books and what stands on which side: both sides come to the same."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import connection

_NOW: Final = """
SELECT a.id, a.code, a.role, a.account_class, x.code, sum(b.amount)
FROM ledger_account a JOIN ledger_asset x ON x.id = a.asset_id JOIN ledger_balance b ON b.account_id = a.id
WHERE a.program_id = %(program)s AND (%(asset)s = '' OR x.code = %(asset)s)
GROUP BY a.id, x.code
"""

# An account with a running balance has its answer in one entry; of a striped one what came since is taken off.
_BOOKED_AT: Final = """
SELECT a.id, a.code, a.role, a.account_class, x.code,
       CASE WHEN s.striped THEN s.amount - coalesce(since.change, 0) * s.sign ELSE coalesce(at_.left_, 0) END
FROM ledger_account a JOIN ledger_asset x ON x.id = a.asset_id
JOIN LATERAL (
    SELECT sum(b.amount) AS amount, count(*) > 1 AS striped,
           CASE WHEN a.account_class IN ('ASSET', 'EXPENSE') THEN 1 ELSE -1 END AS sign
    FROM ledger_balance b WHERE b.account_id = a.id
) s ON true
LEFT JOIN LATERAL (
    SELECT sum(change) AS change FROM (
        SELECT sum(e.amount) AS change FROM ledger_entry e WHERE e.debit_account_id = a.id AND e.booked_at > %(at)s
        UNION ALL
        SELECT -sum(e.amount) FROM ledger_entry e WHERE e.credit_account_id = a.id AND e.booked_at > %(at)s
    ) both_sides
) since ON s.striped
LEFT JOIN LATERAL (
    SELECT left_ FROM (
        (SELECT e.debit_version AS version, e.debit_balance AS left_ FROM ledger_entry e
         WHERE e.debit_account_id = a.id AND e.booked_at <= %(at)s ORDER BY e.booked_at DESC, e.id DESC LIMIT 1)
        UNION ALL
        (SELECT e.credit_version, e.credit_balance FROM ledger_entry e
         WHERE e.credit_account_id = a.id AND e.booked_at <= %(at)s ORDER BY e.booked_at DESC, e.id DESC LIMIT 1)
    ) sides ORDER BY version DESC LIMIT 1
) at_ ON NOT s.striped
WHERE a.program_id = %(program)s AND (%(asset)s = '' OR x.code = %(asset)s)
"""

_EFFECTIVE_AT: Final = """
SELECT a.id, a.code, a.role, a.account_class, x.code,
       sum(CASE WHEN (m.account_id = m.debited) = (a.account_class IN ('ASSET', 'EXPENSE')) THEN m.amount
                ELSE -m.amount END)
FROM (
    SELECT unnest(ARRAY[e.debit_account_id, e.credit_account_id]) AS account_id, e.debit_account_id AS debited, e.amount
    FROM ledger_entry e JOIN ledger_transaction t ON t.id = e.transaction_id
    WHERE t.program_id = %(program)s AND t.effective_at <= %(at)s
) m
JOIN ledger_account a ON a.id = m.account_id JOIN ledger_asset x ON x.id = a.asset_id
WHERE %(asset)s = '' OR x.code = %(asset)s
GROUP BY a.id, x.code
"""


@dataclass(frozen=True, slots=True)
class Line:
    """An account and what stands on one of its sides."""

    account_id: int
    code: str
    role: str
    account_class: str
    asset: str
    debit: Decimal
    credit: Decimal


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
        cursor.execute(statement, {"program": program_id, "asset": asset, "at": at})
        rows = cursor.fetchall()
    lines = [_line(*row) for row in rows if row[5]]
    return sorted(lines, key=lambda line: (line.asset, line.code))


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


def _line(account_id: int, code: str, role: str, account_class: str, asset: str, amount: Decimal) -> Line:
    # What is below zero stands on the other side.
    is_debit = (account_class in ("ASSET", "EXPENSE")) == (amount > 0)
    debit, credit = (abs(amount), Decimal(0)) if is_debit else (Decimal(0), abs(amount))
    return Line(account_id, code, role, account_class, asset, debit, credit)
