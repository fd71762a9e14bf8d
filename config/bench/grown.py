"""A ledger that has been at work for a year: millions of entries, made by the server itself in a minute or two.

Everything is as posting would have left it: running balances, versions, digests, stripes. Amounts follow a formula, so
that each row is known by its number alone. ``ledger_verify`` finds such books clean.

Of ten entries eight go round a ring of accounts, one goes from a striped account to one busy account, and one goes
between two striped accounts. One transaction in 49 counts some days before it was booked.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import gcd
from typing import Any, Final

from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from identity.models import Program
from identity.operations import create_program
from ledger.models import Account, Asset
from ledger.operations import define_asset, keep_milestones, open_account
from ledger.queries.digests import ENTRY_TOLD
from ledger.states import AssetKind

ENTRIES: Final = 5_000_000
LEAST_ENTRIES: Final = 1_000
ACCOUNTS: Final = 100_000
DAYS: Final = 365
_AT_ONCE: Final = 250_000
_TABLES: Final = ["ledger_transaction", "ledger_entry", "ledger_valuedated"]

_RING: Final = """
INSERT INTO ledger_account (program_id, asset_id, code, role, account_class, status, opened_at)
SELECT %(program)s, %(asset)s, 'affiliate:' || n || ':liability', 'AFFILIATE', 'LIABILITY', 'OPEN', %(began)s
FROM generate_series(0, %(accounts)s - 1) n ORDER BY n RETURNING id
"""
_RING_BALANCES: Final = """
INSERT INTO ledger_balance (account_id, stripe, stripes, amount, version)
SELECT id, 0, 1, 0, 0 FROM ledger_account WHERE program_id = %(program)s AND id >= %(ring)s ORDER BY id
"""

# Ten entries are a turn: eight of the ring (number k, from place k mod n to the next one), then the other two. A place
# of the ring is credited by its neighbour and then debited, but for the first one, with which a round begins. Places
# next to each other are far apart in the table of accounts: what one account did lies all over the table of entries.
_BOOKED: Final = """
WITH e AS (
INSERT INTO ledger_entry (transaction_id, debit_account_id, credit_account_id, amount, debit_balance, debit_version,
                          credit_balance, credit_version, booked_at)
SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(n %% 4096), 3, '0') || '8'
        || lpad(to_hex(n), 15, '0'))::uuid,
       debit, credit, amount::numeric(38, 18), debit_left::numeric(38, 18), debit_number,
       credit_left::numeric(38, 18), credit_number, at
FROM (
    SELECT n, %(began)s + n * %(step)s AS at, kind, amount,
           CASE kind WHEN 'ring' THEN %(ring)s + place * %(stride)s %% %(accounts)s
                     WHEN 'busy' THEN %(expense)s ELSE %(settlements)s END AS debit,
           CASE kind WHEN 'ring' THEN %(ring)s + next * %(stride)s %% %(accounts)s
                     WHEN 'busy' THEN %(busy)s ELSE %(revenue)s END AS credit,
           CASE kind WHEN 'ring' THEN CASE WHEN place = 0 THEN round * (before - amount) - amount
                                           ELSE (round + 1) * (before - amount) END END AS debit_left,
           CASE kind WHEN 'ring' THEN CASE WHEN place = 0 THEN 2 * round + 1 ELSE 2 * round + 2 END END AS debit_number,
           CASE kind WHEN 'ring' THEN CASE WHEN next = 0 THEN (round + 1) * (amount - after)
                                           ELSE round * (amount - after) + amount END
                     WHEN 'busy' THEN (turn + 1) * 1.25 END AS credit_left,
           CASE kind WHEN 'ring' THEN CASE WHEN next = 0 THEN 2 * round + 2 ELSE 2 * round + 1 END
                     WHEN 'busy' THEN turn + 1 END AS credit_number
    FROM (
        SELECT n, turn, kind, place, round, next,
               CASE kind WHEN 'ring' THEN 1 + place %% 7 ELSE 1.25 END AS amount,
               1 + (place + %(accounts)s - 1) %% %(accounts)s %% 7 AS before, 1 + next %% 7 AS after
        FROM (
            SELECT n, n / 10 AS turn, CASE n %% 10 WHEN 8 THEN 'busy' WHEN 9 THEN 'hot' ELSE 'ring' END AS kind,
                   (n / 10 * 8 + n %% 10) %% %(accounts)s AS place, (n / 10 * 8 + n %% 10) / %(accounts)s AS round,
                   (n / 10 * 8 + n %% 10 + 1) %% %(accounts)s AS next
            FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
        ) numbered
    ) weighed
) told ORDER BY n
RETURNING *
)
INSERT INTO ledger_transaction (id, program_id, key, fingerprint, entries_digest, kind, memo, actor_type, actor_id,
                                correlation_id, booked_at, effective_at)
SELECT e.transaction_id, %(program)s, 'grown:' || e.id, substr(sha256(convert_to('grown:' || e.id, 'UTF8')), 1, 16),
       substr(sha256(convert_to({told}, 'UTF8')), 1, 16),
       (CASE WHEN e.credit_account_id = %(busy)s THEN 'COMMISSION' WHEN e.credit_account_id = %(revenue)s
             THEN 'SETTLEMENT' ELSE 'MANUAL_JOURNAL' END)::ledger_kind,
       '', 'command', '=bench', '\\x01a1fa3547037301a439a109536f91a9'::bytea, e.booked_at,
       CASE WHEN e.id %% 49 = 0 THEN e.booked_at - (e.id / 49 %% 40 + 1) * interval '24 hours' END
FROM e
"""

_VALUE_DATES: Final = """
INSERT INTO ledger_valuedated (entry_id, program_id, debit_account_id, credit_account_id, amount, is_backdated, reach,
                               begins_at, ends_at)
SELECT e.id, t.program_id, e.debit_account_id, e.credit_account_id, e.amount, true,
       ledger_reach(t.booked_at - t.effective_at), t.effective_at, t.booked_at
FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id WHERE t.effective_at <> t.booked_at
"""

# Counted from the entries and not by the formula: where the two differ, ledger_verify says so.
_BALANCES: Final = """
WITH sides AS (
    SELECT e.debit_account_id AS account_id, e.id, e.amount AS debit, 0 AS credit, e.booked_at FROM ledger_entry e
    UNION ALL
    SELECT e.credit_account_id, e.id, 0, e.amount, e.booked_at FROM ledger_entry e
), summed AS (
    SELECT s.account_id, s.id %% b.stripes AS stripe, sum(s.debit - s.credit) AS change, count(*) AS entries,
           max(s.booked_at) AS booked_at
    FROM sides s JOIN ledger_balance b ON b.account_id = s.account_id AND b.stripe = 0 GROUP BY 1, 2
)
UPDATE ledger_balance b SET version = s.entries, booked_at = s.booked_at,
    amount = CASE WHEN a.account_class IN ('ASSET', 'EXPENSE') THEN s.change ELSE -s.change END
FROM summed s JOIN ledger_account a ON a.id = s.account_id
WHERE b.account_id = s.account_id AND b.stripe = s.stripe
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """The books that were made, by their ids."""

    program: Program
    asset: Asset
    entries: int
    ring: Sequence[int]  # accounts with some hundred entries each
    busy: int  # one account with a tenth of all entries
    expense: int  # striped, and as busy
    settlements: int  # these two as well
    revenue: int
    began_at: datetime
    ended_at: datetime


def grow(*, entries: int = ENTRIES) -> Grown:
    """Fill the empty books of a scratch database with ``entries``.

    It runs as the owner of the tables and takes their guards off meanwhile: never call it anywhere else.
    """
    sown = sow(accounts=min(ACCOUNTS, entries // 50))
    grown = replace(sown, entries=entries)
    known = _known(grown)
    with _bare(), connection.cursor() as cursor:
        statement = _BOOKED.format(told=ENTRY_TOLD)
        for first in range(0, entries, _AT_ONCE):
            cursor.execute(statement, {**known, "first": first, "last": min(first + _AT_ONCE, entries) - 1})
        cursor.execute(_VALUE_DATES)
    with connection.cursor() as cursor:
        cursor.execute(_BALANCES, known)
        cursor.execute(f"VACUUM (ANALYZE) {', '.join((*_TABLES, 'ledger_balance', 'ledger_account'))}")
        with suppress(ProgrammingError):  # not everybody may
            cursor.execute("CHECKPOINT")  # or what is timed first would wait for the disk to have it all
    keep_milestones()
    return grown


def sow(*, accounts: int) -> Grown:
    """Open the accounts that books grow on, with nothing booked."""
    ended = timezone.now() - timedelta(minutes=1)
    began = ended - timedelta(days=DAYS)
    program = create_program(name="Grown", slug="grown", at=began)
    asset = define_asset("KES", name="Kenyan shilling", kind=AssetKind.FIAT, scale=4, payable_scale=2)

    def opened(code: str) -> int:
        return open_account(code, program=program, asset_code=asset.code, at=began).pk

    named = {
        "busy": opened("affiliate:busy:liability"),
        "expense": opened("program:grown:expense"),
        "settlements": opened("system:settlements"),
        "revenue": opened("program:grown:revenue"),
    }
    known: dict[str, Any] = {"program": program.pk, "asset": asset.pk, "accounts": accounts, "began": began}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_RING, known)
        first = cursor.fetchone()[0]
        cursor.execute(_RING_BALANCES, {**known, "ring": first})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) ledger_balance, ledger_account")
    ring = range(first, first + accounts)
    assert Account.objects.filter(pk__in=(ring[0], ring[-1]), role="AFFILIATE").count() == 2, "ids have gaps"
    return Grown(program=program, asset=asset, entries=0, ring=ring, began_at=began, ended_at=ended, **named)


def _known(grown: Grown) -> dict[str, Any]:
    """Return what the statements are told of the books."""
    return {
        "program": grown.program.pk, "asset": grown.asset.pk, "accounts": len(grown.ring), "began": grown.began_at,
        "ring": grown.ring[0], "stride": _stride(len(grown.ring)),
        "step": (grown.ended_at - grown.began_at) / grown.entries,
        "busy": grown.busy, "expense": grown.expense, "settlements": grown.settlements, "revenue": grown.revenue,
    }  # fmt: skip


def _stride(accounts: int) -> int:
    """Return how far apart places next to each other lie: the golden part of the ring, and every place is met."""
    return next(step for step in range(accounts * 618 // 1000, accounts) if gcd(step, accounts) == 1)


@contextmanager
def _bare() -> Iterator[None]:
    """Take indexes, keys and guards off the two tables, and put them back: built at the end they take a tenth as long.

    Putting a foreign key back checks every row.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
               WHERE contype IN ('p', 'u', 'f') AND (conrelid = ANY(%(tables)s::regclass[])
                     OR confrelid = ANY(%(tables)s::regclass[]))
               ORDER BY contype = 'f' DESC, conname""",
            {"tables": _TABLES},
        )
        constraints = cursor.fetchall()
        cursor.execute(
            """SELECT quote_ident(i.relname), pg_get_indexdef(i.oid)
               FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
               WHERE x.indrelid = ANY(%(tables)s::regclass[])
                 AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.oid) ORDER BY 1""",
            {"tables": _TABLES},
        )
        indexes = cursor.fetchall()
        for table in _TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for table, name, _ in constraints:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")

        yield

        cursor.execute("SET maintenance_work_mem = '512MB'")
        for _, definition in indexes:
            cursor.execute(definition)
        for table, name, definition in reversed(constraints):
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
        for table in _TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("RESET maintenance_work_mem")
