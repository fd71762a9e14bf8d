"""A program's transactions with their entries, page by page, all of one moment."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from ledger.models import Entry, Transaction
from ledger.money import plain

ENTRIES_AT_ONCE: Final = 2_000

# In the order of entries: what depends on another was booked behind it. (Ids of transactions are made by several
# machines, whose clocks differ.) A transaction is told where the first of its entries that were asked for stands.
_OF_PROGRAM: Final = """
SELECT e.id, e.booked_at, e.transaction_id FROM ledger_entry e JOIN ledger_account a ON a.id = e.debit_account_id
WHERE a.program_id = %(program)s AND e.id > %(seek_id)s AND e.booked_at > %(after)s AND e.booked_at <= %(until)s
ORDER BY e.id LIMIT %(limit)s
"""
_SIDE: Final = """
(SELECT e.id, e.booked_at, e.transaction_id FROM ledger_entry e
 WHERE e.{side}_account_id = %({account})s AND e.booked_at > %(after)s AND e.booked_at <= %(until)s
   AND (e.booked_at, e.id) > (%(seek_at)s, %(seek_id)s) ORDER BY e.booked_at, e.id LIMIT %(limit)s)
"""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which transactions: a program's, or those with an entry on one of the accounts, booked between two times."""

    program_id: UUID
    after: datetime
    until: datetime
    account_ids: tuple[int, ...] = ()


def count_selected(asked: Selection) -> int:
    """Return how many there are now."""
    if not asked.account_ids:
        rows = Transaction.objects.of_program(asked.program_id)
        return rows.filter(booked_at__gt=asked.after, booked_at__lte=asked.until).count()
    sides = _sides(asked, 2**62)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(DISTINCT transaction_id) FROM ({sides[0]}) e", sides[1])  # noqa: S608
        return int(cursor.fetchone()[0])


def selected(asked: Selection) -> Generator[list[dict[str, Any]], None, None]:
    """Return them in pages: one snapshot from the first to the last, and in memory never more than a page."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        seek: tuple[datetime, int] = (asked.after, 2**62 if asked.account_ids else 0)
        while rows := _page(asked, seek):
            seek = rows[-1][1], rows[-1][0]
            yield _page_told(asked, rows)


def _page(asked: Selection, seek: tuple[datetime, int]) -> list[tuple[int, datetime, UUID]]:
    if asked.account_ids:
        statement, params = _sides(asked, ENTRIES_AT_ONCE)
        statement = f"SELECT DISTINCT * FROM ({statement}) e ORDER BY booked_at, id LIMIT %(limit)s"  # noqa: S608
    else:
        statement = _OF_PROGRAM
        params = {"program": asked.program_id, "after": asked.after, "until": asked.until, "limit": ENTRIES_AT_ONCE}
    with connection.cursor() as cursor:
        cursor.execute(statement, {**params, "seek_at": seek[0], "seek_id": seek[1]})
        rows: list[tuple[int, datetime, UUID]] = cursor.fetchall()
    return rows


def _sides(asked: Selection, limit: int) -> tuple[str, dict[str, Any]]:
    named = {f"account_{place}": account_id for place, account_id in enumerate(asked.account_ids)}
    parts = [_SIDE.format(side=side, account=name) for name in named for side in ("debit", "credit")]
    params = {**named, "after": asked.after, "until": asked.until, "limit": limit, "seek_at": asked.after, "seek_id": 0}
    return " UNION ALL ".join(parts), params


def _page_told(asked: Selection, rows: Sequence[tuple[int, datetime, UUID]]) -> list[dict[str, Any]]:
    ids = list(dict.fromkeys(row[2] for row in rows))
    entries = _entries_of(ids)
    begin_here = {row[0] for row in rows}
    return list(_written([one for one in ids if _first(asked, entries[one]) in begin_here], entries))


def told(ids: Sequence[UUID]) -> Iterator[dict[str, Any]]:
    """Return these transactions as an export tells them."""
    yield from _written(ids, _entries_of(ids))


def _written(ids: Sequence[UUID], entries: dict[UUID, list[Entry]]) -> Iterator[dict[str, Any]]:
    found = Transaction.objects.in_bulk(ids)
    keys = _keys_of(list(found.values()))
    for identifier in ids:
        yield _transaction(found[identifier], entries[identifier], keys)


def _entries_of(ids: Sequence[UUID]) -> dict[UUID, list[Entry]]:
    entries: dict[UUID, list[Entry]] = {}
    related = ("debit_account__asset", "credit_account")
    for entry in Entry.objects.filter(transaction__in=ids).select_related(*related).order_by("id"):
        entries.setdefault(entry.transaction_id, []).append(entry)
    return entries


def _first(asked: Selection, entries: list[Entry]) -> int:
    wanted = set(asked.account_ids)
    return next(
        entry.pk for entry in entries
        if not wanted or entry.debit_account_id in wanted or entry.credit_account_id in wanted
    )  # fmt: skip


def _keys_of(transactions: list[Transaction]) -> dict[UUID | None, str]:
    meant = {other for one in transactions for other in (one.reverses_id, one.corrects_id) if other}
    keys: dict[UUID | None, str] = dict(Transaction.objects.filter(pk__in=meant).values_list("pk", "key"))
    return keys


def _transaction(one: Transaction, entries: list[Entry], keys: dict[UUID | None, str]) -> dict[str, Any]:
    return {
        "key": one.key, "kind": one.kind, "memo": one.memo, "effective_at": one.counts_at.isoformat(),
        "metadata": one.metadata, "reverses_key": keys.get(one.reverses_id), "corrects_key": keys.get(one.corrects_id),
        "id": str(one.pk), "booked_at": one.booked_at.isoformat(), "actor_type": one.actor_type,
        "actor_id": one.actor_id, "correlation_id": one.correlation_id, "entries": [_entry(entry) for entry in entries],
    }  # fmt: skip


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "debit": entry.debit_account.code, "credit": entry.credit_account.code, "asset": entry.asset.code,
        "amount": plain(entry.amount),
        "debit_balance": None if entry.debit_balance is None else plain(entry.debit_balance),
        "debit_version": entry.debit_version,
        "credit_balance": None if entry.credit_balance is None else plain(entry.credit_balance),
        "credit_version": entry.credit_version,
    }  # fmt: skip
