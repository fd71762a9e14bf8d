"""What is left when statements of rails and the books are held against each other. Nothing is booked by it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Q, Sum

from ledger.models import Account
from ledger.money import ZERO, exactly, plain
from ledger.queries.balances import balance_effective_at
from payouts.models import Attempt
from payouts.queries.accounts import books_of
from payouts.queries.statements import asked_of_all
from wallets.models import RailStatement, StatementLine
from wallets.states import StatementLineType

# In each run; what is mended makes room for the next, and a run that finds so many is not about single lines.
_EACH_AT_MOST: Final = 1_000
_NAMED_AT_MOST: Final = 20

_SAYS: Final = {
    "unknown": "{rail}: {amount} {asset} left by {name}, and nobody here knows why",
    "amount": "{rail}: {name} took {amount} {asset}, and {sent} was sent",
    "state": "{rail}: {name} took {amount} {asset}, and we have it as {state}",
    "twice": "{rail}: {name} took {amount} {asset} for a payment that an earlier line has taken already",
    "back": "{rail}: {amount} {asset} of a payout came back by {name}, and we have it as paid",
}

# Lines of money out: nothing of ours; another amount; something that we believe was not sent; a second one. And what
# came back of a payout that is paid.
_STRANGE: Final = """
SELECT line.id, statement.program_id, account.name, asset.code,
       coalesce(nullif(line.reference, ''), 'line ' || line.number), line.at, line.amount, line.description,
       attempt.reference, attempt.amount, attempt.state, attempt.payout_id, matched.by, judged.kind
FROM (
    SELECT lines.id, lines.amount, matched.by, matched.attempt_id,
           row_number() OVER (PARTITION BY matched.attempt_id, lines.amount < 0 ORDER BY lines.at, lines.id) AS nth
    FROM lines LEFT JOIN matched ON matched.id = lines.id
) matched
LEFT JOIN payouts_attempt attempt ON attempt.id = matched.attempt_id
LEFT JOIN payouts_payout payout ON payout.id = attempt.payout_id
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN matched.amount > 0 AND (payout.state = 'RETURNED' OR attempt.state <> 'CONFIRMED') THEN NULL
        WHEN matched.amount > 0 THEN CASE WHEN attempt.id IS NOT NULL THEN 'back' END
        WHEN attempt.id IS NULL THEN 'unknown'
        WHEN matched.nth > 1 THEN 'twice'
        WHEN attempt.amount <> -matched.amount THEN 'amount'
        WHEN attempt.state <> 'CONFIRMED' THEN 'state'
    END AS kind
) judged
JOIN wallets_statementline line ON line.id = matched.id
JOIN wallets_railstatement statement ON statement.id = line.statement_id
JOIN wallets_railaccount account ON account.id = statement.account_id
JOIN ledger_asset asset ON asset.id = statement.asset_id
WHERE judged.kind IS NOT NULL
ORDER BY line.id LIMIT %(limit)s
"""

# Paid by the books, at a time that a statement covers and is a day past, and on none.
_MISSING: Final = """
SELECT attempt.id, attempt.program_id, account.name, asset.code, attempt.reference, attempt.receipt, attempt.amount,
       attempt.settled_at, attempt.payout_id
FROM payouts_attempt attempt JOIN payouts_payout payout ON payout.id = attempt.payout_id
JOIN wallets_railaccount account ON account.id = attempt.rail_account_id
JOIN ledger_asset asset ON asset.id = payout.asset_id
WHERE attempt.state = 'CONFIRMED' AND (%(program)s::uuid IS NULL OR attempt.program_id = %(program)s)
  AND NOT EXISTS (SELECT 1 FROM matched JOIN lines USING (id)
                  WHERE lines.amount < 0 AND matched.attempt_id = attempt.id)
  AND EXISTS (SELECT 1 FROM wallets_railstatement covers
              WHERE covers.account_id = attempt.rail_account_id AND covers.asset_id = payout.asset_id
                AND covers.begins_at <= attempt.called_at AND covers.ends_at > attempt.called_at)
  AND EXISTS (SELECT 1 FROM wallets_railstatement covers
              WHERE covers.account_id = attempt.rail_account_id AND covers.asset_id = payout.asset_id
                AND covers.begins_at <= attempt.settled_at + %(apart)s
                AND covers.ends_at > attempt.settled_at + %(apart)s)
ORDER BY attempt.id LIMIT %(limit)s
"""

# Times between two statements of which neither speaks.
_GAPS: Final = """
SELECT id, program_id, rail, asset, last_ended_at, begins_at, closed, opening FROM (
    SELECT statement.id, statement.program_id, account.name AS rail, asset.code AS asset, statement.begins_at,
           statement.opening,
           lag(statement.ends_at) OVER these AS last_ended_at, lag(statement.closing) OVER these AS closed
    FROM wallets_railstatement statement
    JOIN wallets_railaccount account ON account.id = statement.account_id
    JOIN ledger_asset asset ON asset.id = statement.asset_id
    WHERE %(program)s::uuid IS NULL OR statement.program_id = %(program)s
    WINDOW these AS (PARTITION BY statement.account_id, statement.asset_id ORDER BY statement.begins_at)
) each
WHERE last_ended_at < begins_at
ORDER BY begins_at
"""


@dataclass(frozen=True, slots=True)
class Left:
    """Something on one side that the other does not have, or has differently."""

    program_id: UUID
    key: str
    title: str
    ours: dict[str, str]
    theirs: dict[str, str]


def left_over(program_id: UUID | None) -> tuple[int, list[Left]]:
    """Return how many lines there are, and what is left of them and of our attempts."""
    examined = StatementLine.objects.filter(*_of(program_id)).count()
    if not RailStatement.objects.filter(*_of(program_id)).exists():
        return 0, []
    strange = [_strange(*row) for row in asked_of_all(_STRANGE, program_id, limit=_EACH_AT_MOST)]
    missing = [_missing(*row) for row in asked_of_all(_MISSING, program_id, limit=_EACH_AT_MOST)]
    return examined, [*strange, *missing, *_gaps(program_id), *_balances(program_id)]


def _of(program_id: UUID | None) -> list[Q]:
    return [Q(program=program_id)] if program_id else []


def _strange(
    line_id: int, program_id: UUID, rail: str, asset: str, name: str, at: datetime, amount: Decimal, description: str,
    attempt: str | None, sent: Decimal | None, state: str | None, payout_id: UUID | None, by: str | None, kind: str,
) -> Left:  # fmt: skip
    said = {"rail": rail, "asset": asset, "name": name, "amount": plain(abs(amount)), "state": (state or "").lower()}
    ours = {} if attempt is None or sent is None else {
        "reference": attempt, "amount": plain(sent), "state": str(state), "payout": str(payout_id),
        "matched_by": str(by),
    }  # fmt: skip
    return Left(
        program_id, f"{kind}:{line_id}", _SAYS[kind].format(**said, sent=plain(sent) if sent is not None else ""), ours,
        {"reference": name, "amount": plain(amount), "at": at.isoformat(), "description": description},
    )  # fmt: skip


def _missing(
    pk: UUID, program_id: UUID, rail: str, asset: str, reference: str, receipt: str, amount: Decimal, at: datetime,
    payout_id: UUID,
) -> Left:  # fmt: skip
    return Left(
        program_id, f"missing:{pk}",
        f"{rail}: {plain(amount)} {asset} is paid in the books by {reference}, and no statement has it",
        {"receipt": receipt, "settled_at": at.isoformat(), "payout": str(payout_id)}, {},
    )  # fmt: skip


def _gaps(program_id: UUID | None) -> Iterator[Left]:
    with connection.cursor() as cursor:
        cursor.execute(_GAPS, {"program": program_id})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    for pk, program, rail, asset, ended_at, begins_at, closed, opening in rows:
        title = f"{rail}: no statement of {asset} from {ended_at:%Y-%m-%d %H:%M} to {begins_at:%Y-%m-%d %H:%M} UTC"
        yield Left(program, f"gap:{pk}", title, {}, {"closed_at": plain(closed), "opened_at": plain(opening)})


def _balances(program_id: UUID | None) -> Iterator[Left]:
    """Hold the last balance of each account against the books of that moment."""
    last = (
        RailStatement.objects.filter(*_of(program_id)).defer("content").select_related("account", "asset")
        .order_by("account_id", "asset_id", "-ends_at").distinct("account_id", "asset_id")
    )  # fmt: skip
    for statement in last:
        least, most, transit = _booked_at(statement)
        if not least <= statement.closing <= most:
            between = plain(most) if least == most else f"between {plain(least)} and {plain(most)}"
            code, there = statement.asset.code, plain(statement.closing)
            yield Left(
                statement.program_id, f"balance:{statement.account_id}:{code}",
                f"{statement.account.name}: {there} {code} by the statement to {statement.ends_at:%Y-%m-%d %H:%M} UTC,"
                f" and the books have {between}",
                {"at_least": plain(least), "at_most": plain(most), "in_transit": ", ".join(transit[:_NAMED_AT_MOST])},
                {"closing": there, "fees_on_statements": plain(_fees_on(statement))},
            )  # fmt: skip


def _booked_at(statement: RailStatement) -> tuple[Decimal, Decimal, list[str]]:
    """Return the least and the most that may have been there by the books, and what was on its way.

    By value date: what came before the moment counts although we heard of it later. What was on its way then had left,
    or had not: the rail alone knows.
    """
    at = statement.ends_at - timedelta(microseconds=1)
    books = books_of(statement.account, statement.asset_id)
    accounts = Account.objects.filter(pk__in=(books.float_id, books.clearing_id))
    there = sum((balance_effective_at(account, at=at) for account in accounts), start=ZERO)
    flying = Attempt.objects.filter(
        Q(settled_at=None) | Q(settled_at__gte=statement.ends_at), rail_account=statement.account_id,
        payout__asset=statement.asset_id, stored_at__lt=statement.ends_at,
    )  # fmt: skip
    total = flying.aggregate(total=Sum("amount"))["total"] or ZERO
    names = list(flying.order_by("pk").values_list("reference", flat=True)[: _NAMED_AT_MOST + 1])
    with exactly():
        return there, there + total, names


def _fees_on(statement: RailStatement) -> Decimal:
    fees = StatementLine.objects.filter(
        statement__account=statement.account_id, statement__asset=statement.asset_id, type=StatementLineType.FEE
    ).aggregate(total=Sum("amount"))["total"]
    return fees or ZERO
