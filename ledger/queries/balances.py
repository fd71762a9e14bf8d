"""How much is there: now, and as of a time.

By booking, an account's running balance says it; of a striped one, which has none, the last milestone and what came
since. By value date it is the same, and what lies around that time: what was booked behind it and counts before it is
added, what counts behind it is taken off. So an entry that is booked late changes no answer that is kept somewhere.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import connection
from django.db.models import Sum

from ledger.models import Account, Balance
from ledger.models.reading import REACHES

# The entry before ``at`` that has the highest version holds the answer: two looks into an index.
RUNNING_AT: Final = """
    (SELECT left_ FROM (
        (SELECT e.debit_version AS version, e.debit_balance AS left_ FROM ledger_entry e
         WHERE e.debit_account_id = {account} AND e.booked_at <= %(at)s ORDER BY e.booked_at DESC, e.id DESC LIMIT 1)
        UNION ALL
        (SELECT e.credit_version, e.credit_balance FROM ledger_entry e
         WHERE e.credit_account_id = {account} AND e.booked_at <= %(at)s ORDER BY e.booked_at DESC, e.id DESC LIMIT 1)
    ) sides ORDER BY version DESC LIMIT 1)
"""

# The last milestone and what was booked from there on; before the first one, what was booked from the beginning on.
SUMMED_AT: Final = """
    (SELECT m.amount + {sign} * (
         coalesce((SELECT sum(e.amount) FROM ledger_entry e WHERE e.debit_account_id = {account}
                   AND e.booked_at > m.at AND e.booked_at <= %(at)s), 0)
         - coalesce((SELECT sum(e.amount) FROM ledger_entry e WHERE e.credit_account_id = {account}
                     AND e.booked_at > m.at AND e.booked_at <= %(at)s), 0))
     FROM (
        (SELECT m.at, m.amount FROM ledger_milestone m WHERE m.account_id = {account} AND m.at <= %(at)s
         ORDER BY m.at DESC LIMIT 1)
        UNION ALL SELECT '-infinity', 0 ORDER BY at DESC LIMIT 1
     ) m)
"""

# What lies around ``at``, booked behind it and counting before it or the other way round: a short stretch for each
# reach. (Only the farthest reach has no end.)
_REACHES: Final = f"""
    (SELECT number - 1 AS reach, coalesce(%(at)s + apart, 'infinity') AS until
     FROM unnest(ARRAY[{", ".join(f"'{reach}'" for reach in REACHES)}, NULL]::interval[])
          WITH ORDINALITY AS reaches (apart, number)) r
"""  # noqa: S608  (our own words)
AROUND: Final = f"""
    SELECT v.debit_account_id, v.credit_account_id, CASE WHEN v.is_backdated THEN v.amount ELSE -v.amount END AS amount
    FROM {_REACHES} JOIN ledger_valuedated v ON v.{{column}} = {{value}} AND v.reach = r.reach AND v.ends_at > %(at)s
         AND v.ends_at <= r.until AND v.begins_at <= %(at)s
"""  # noqa: S608  (our own words)
_EFFECTIVE_AT: Final = """
SELECT coalesce({booked}, 0)
     + {sign} * (coalesce((SELECT sum(amount) FROM ({debits}) debits), 0)
                 - coalesce((SELECT sum(amount) FROM ({credits}) credits), 0))
"""


def balance_now(account: Account) -> Decimal:
    """Return how much ``account`` holds."""
    return Balance.objects.filter(account=account).aggregate(amount=Sum("amount"))["amount"] or Decimal(0)


def balance_booked_at(account: Account, *, at: datetime) -> Decimal:
    """Return how much ``account`` held at ``at``, by when it was booked."""
    return _one(f"SELECT coalesce({_booked(account)}, 0)", account, at)


def balance_effective_at(account: Account, *, at: datetime) -> Decimal:
    """Return how much ``account`` held at ``at``, by when what was booked counts."""
    parts = {
        "booked": _booked(account),
        "debits": AROUND.format(column="debit_account_id", value="%(account)s"),
        "credits": AROUND.format(column="credit_account_id", value="%(account)s"),
        "sign": "%(sign)s",
    }
    return _one(_EFFECTIVE_AT.format(**parts), account, at)


def _booked(account: Account) -> str:
    return (SUMMED_AT if account.is_striped else RUNNING_AT).format(account="%(account)s", sign="%(sign)s")


def _one(statement: str, account: Account, at: datetime) -> Decimal:
    sign = 1 if account.grows_by_debit else -1
    with connection.cursor() as cursor:
        cursor.execute(statement, {"account": account.pk, "at": at, "sign": sign})
        amount: Decimal = cursor.fetchone()[0]
    return amount
