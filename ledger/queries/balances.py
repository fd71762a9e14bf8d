"""How much is there: now, and as of a time."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection
from django.db.models import Sum

from ledger.models import Account, Balance

# The entry before ``at`` that has the highest version holds the answer: two looks into an index.
_RUNNING_AT: Final = """
SELECT left_ FROM (
    (SELECT e.debit_version AS version, e.debit_balance AS left_ FROM ledger_entry e
     WHERE e.debit_account_id = %(account)s AND e.booked_at <= %(at)s ORDER BY e.booked_at DESC, e.id DESC LIMIT 1)
    UNION ALL
    (SELECT e.credit_version, e.credit_balance FROM ledger_entry e
     WHERE e.credit_account_id = %(account)s AND e.booked_at <= %(at)s ORDER BY e.booked_at DESC, e.id DESC LIMIT 1)
) sides ORDER BY version DESC LIMIT 1
"""

# What there is now, less what came since. One statement and so one snapshot: right while others book.
_SINCE: Final = """
SELECT (SELECT sum(b.amount) FROM ledger_balance b WHERE b.account_id = %(account)s)
     - %(sign)s * coalesce(
           (SELECT sum(e.amount) FROM ledger_entry e {join} WHERE e.debit_account_id = %(account)s AND {since}), 0)
     + %(sign)s * coalesce(
           (SELECT sum(e.amount) FROM ledger_entry e {join} WHERE e.credit_account_id = %(account)s AND {since}), 0)
"""
_BOOKED_SINCE: Final = _SINCE.format(join="", since="e.booked_at > %(at)s")
_EFFECTIVE_SINCE: Final = _SINCE.format(
    join="JOIN ledger_transaction t ON t.id = e.transaction_id", since="t.effective_at > %(at)s"
)


def balance_now(account: Account) -> Decimal:
    """Return how much ``account`` holds."""
    return Balance.objects.filter(account=account).aggregate(amount=Sum("amount"))["amount"] or Decimal(0)


def balance_booked_at(account: Account, *, at: datetime) -> Decimal:
    """Return how much ``account`` held at ``at``, by when it was booked."""
    if account.is_striped:
        return _since(_BOOKED_SINCE, account, at)
    return _one(_RUNNING_AT, {"account": account.pk, "at": at})


def balance_effective_at(account: Account, *, at: datetime) -> Decimal:
    """Return how much ``account`` held at ``at``, by when what was booked counts."""
    return _since(_EFFECTIVE_SINCE, account, at)


def _since(statement: str, account: Account, at: datetime) -> Decimal:
    return _one(statement, {"account": account.pk, "at": at, "sign": 1 if account.grows_by_debit else -1})


def _one(statement: str, params: dict[str, Any]) -> Decimal:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        row = cursor.fetchone()
    return row[0] if row and row[0] is not None else Decimal(0)
