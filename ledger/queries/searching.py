"""Finding transactions among millions: by what an index answers, or within a few seconds.

Keys, ids, reversals and accounts have indexes, and times have one too: an id begins with the millisecond in which it
was made, right before its transaction was booked. Everything else is looked for among what those leave; when that is
too much, the search is ended and refused, and the house goes on with its work.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.db.models import Q, QuerySet
from psycopg.errors import QueryCanceled

from ledger.errors import SearchTooWide
from ledger.models import AccountQuerySet, Asset, Entry, TransactionQuerySet

PATIENCE_SECONDS: Final = 3
FEW_ACCOUNTS: Final = 1_000
# How far the clock of whoever makes ids may be from that of the database, which says when something was booked.
CLOCKS_DIFFER: Final = timedelta(hours=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What is looked for; what is empty is not asked about."""

    key: str = ""
    kind: str = ""
    memo: str = ""
    actor_type: str = ""
    actor_id: str = ""
    correlation_id: str = ""
    reverses: UUID | None = None
    corrects: UUID | None = None
    account: int | None = None
    account_code: str = ""
    asset: str = ""
    amount: Decimal | None = None
    after: datetime | None = None
    until: datetime | None = None


def matching(rows: TransactionQuerySet, asked: Criteria, *, accounts: AccountQuerySet) -> TransactionQuerySet:
    """Narrow ``rows`` to what is looked for; ``accounts`` are those in reach of whoever looks."""
    named = {
        "kind": asked.kind, "actor_type": asked.actor_type, "actor_id": asked.actor_id,
        "correlation_id": asked.correlation_id, "reverses_id": asked.reverses, "corrects_id": asked.corrects,
    }  # fmt: skip
    rows = booked_between(rows.filter(**{field: value for field, value in named.items() if value}), asked)
    if asked.key:
        rows = rows.under_key_anywhere(asked.key)
    if asked.memo:
        rows = rows.filter(memo__icontains=asked.memo)
    if asked.correlation_id:
        rows = rows.filter(pk__gte=_made_at_earliest(asked.correlation_id))
    if asked.account is not None or asked.account_code or asked.asset or asked.amount is not None:
        rows = rows.filter(pk__in=_entries(asked, accounts).values("transaction"))
    return rows


def booked_between(rows: TransactionQuerySet, asked: Criteria) -> TransactionQuerySet:
    """Narrow ``rows`` to what was booked behind ``after`` and up to ``until``, through their ids."""
    if asked.after:
        rows = rows.filter(booked_at__gt=asked.after, pk__gte=id_at(asked.after, -CLOCKS_DIFFER))
    if asked.until:
        rows = rows.filter(booked_at__lte=asked.until, pk__lte=id_at(asked.until, CLOCKS_DIFFER))
    return rows


def id_at(at: datetime, later: timedelta = timedelta(0)) -> UUID:
    """Return the least id that is made at ``at``, or ``later``."""
    milliseconds = max((at - _EPOCH + later) // timedelta(milliseconds=1), 0)  # no calendar ends here
    return UUID(int=min(milliseconds, 2**48 - 1) << 80)


def _made_at_earliest(correlation_id: str) -> UUID:
    """Return the least id that can stand under a correlation id: ours say when they were made."""
    try:
        made = UUID(correlation_id)
    except ValueError:
        return UUID(int=0)
    if made.version != 7:
        return UUID(int=0)
    return id_at(_EPOCH + timedelta(milliseconds=made.int >> 80), -CLOCKS_DIFFER)


def _entries(asked: Criteria, accounts: AccountQuerySet) -> QuerySet[Entry]:
    entries = Entry.objects.all()
    if asked.account is not None or asked.account_code:
        named = accounts.filter(code=asked.account_code) if asked.account_code else accounts
        if asked.account is not None:
            named = named.filter(pk=asked.account)
        ids = list(named.values_list("pk", flat=True)[:FEW_ACCOUNTS])
        entries = entries.filter(Q(debit_account__in=ids) | Q(credit_account__in=ids))
    if asked.asset:
        entries = of_asset(entries, asked.asset, accounts=accounts)
    if asked.amount is not None:
        entries = entries.filter(amount=asked.amount)
    if asked.after:
        entries = entries_after(entries, asked.after)
    if asked.until:
        entries = entries_until(entries, asked.until)
    return entries


def of_asset(entries: QuerySet[Entry], asset: str, *, accounts: AccountQuerySet) -> QuerySet[Entry]:
    """Narrow ``entries`` to an asset: by its accounts, where these are few."""
    named = Asset.objects.filter(code=asset).first()  # how many accounts are of it the planner knows by its id only
    ids = list(accounts.filter(asset=named).order_by().values_list("pk", flat=True)[: FEW_ACCOUNTS + 1])
    if len(ids) <= FEW_ACCOUNTS:
        return entries.filter(debit_account__in=ids)
    return entries.filter(debit_account__asset=named)


def entries_after(entries: QuerySet[Entry], at: datetime) -> QuerySet[Entry]:
    """Narrow ``entries`` to what was booked behind ``at``, through the ids of their transactions."""
    return entries.filter(booked_at__gt=at, transaction_id__gte=id_at(at, -CLOCKS_DIFFER))


def entries_until(entries: QuerySet[Entry], at: datetime) -> QuerySet[Entry]:
    """Narrow ``entries`` to what was booked up to ``at``, through the ids of their transactions."""
    return entries.filter(booked_at__lte=at, transaction_id__lte=id_at(at, CLOCKS_DIFFER))


@contextmanager
def patience() -> Iterator[None]:
    """Give each statement of the block a few seconds.

    :raises SearchTooWide: if one needs more; nothing else is spoilt by it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        before = cursor.fetchone()[0]
    try:
        with transaction.atomic():
            _allow(f"{PATIENCE_SECONDS}s")
            yield
            _allow(before)
    except OperationalError as ended:
        if isinstance(ended.__cause__, QueryCanceled):
            raise SearchTooWide(seconds=PATIENCE_SECONDS) from ended
        raise


def _allow(time: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [time])
