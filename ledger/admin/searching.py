"""The search box over transactions: any reference, or words like ``account:wallet:al amount:100``."""

import shlex
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from ledger.errors import BadSearch
from ledger.models import AccountQuerySet, TransactionQuerySet
from ledger.money import LARGEST_SCALE, is_amount
from ledger.queries.searching import Criteria, matching

# The word in the box, and what it is among the criteria.
_WORDS: Final = {
    "key": "key", "kind": "kind", "memo": "memo", "account": "account_code", "asset": "asset", "amount": "amount",
    "by": "actor_id", "correlation": "correlation_id", "reverses": "reverses", "corrects": "corrects",
    "after": "after", "until": "until",
}  # fmt: skip
HELP: Final = "A key, id, account, actor or memo"


def found(rows: TransactionQuerySet, text: str, *, accounts: AccountQuerySet, is_patient: bool) -> TransactionQuerySet:
    """Return what the words in the box say; only what an index knows, where nobody waits for more.

    :raises BadSearch: if one of them says nothing.
    """
    try:
        words = shlex.split(text)
    except ValueError:  # a quotation mark without its twin
        words = text.split()
    asked: dict[str, Any] = {}
    others: list[str] = []
    for word in words:
        name, colon, value = word.partition(":")
        if colon and name.lower() in _WORDS:
            asked[_WORDS[name.lower()]] = _read(name.lower(), value)
        else:
            others.append(word)
    if asked and is_patient:
        rows = matching(rows, Criteria(**asked), accounts=accounts)
    return _any_reference(rows, " ".join(others), accounts, is_patient=is_patient) if others else rows


def _any_reference(
    rows: TransactionQuerySet, term: str, accounts: AccountQuerySet, *, is_patient: bool
) -> TransactionQuerySet:
    """Return what ``term`` names: what an index knows first, then what is looked for."""
    by_index = (Criteria(key=term), Criteria(account_code=term))
    for criteria in by_index:
        named = matching(rows, criteria, accounts=accounts)
        if named.exists():
            return named
    if not is_patient:
        return rows.none()
    by_correlation = matching(rows, Criteria(correlation_id=term), accounts=accounts)
    if _is_uuid(term):
        return by_correlation if by_correlation.exists() else rows.filter(actor_id=term)
    return rows.filter(Q(correlation_id=term) | Q(actor_id=term) | Q(memo__icontains=term))


def _is_uuid(term: str) -> bool:
    try:
        UUID(term)
    except ValueError:
        return False
    return True


def _read(name: str, value: str) -> Any:
    value = value.replace("\0", "")[:255]
    if not value:
        raise BadSearch(reason=f"{name}: says nothing")
    match name:
        case "amount":
            return _amount(value)
        case "reverses" | "corrects":
            if not _is_uuid(value):
                raise BadSearch(reason=f"{name}: is the id of a transaction")
            return UUID(value)
        case "after" | "until":
            return _instant(name, value)
        case "kind" | "asset":
            return value.upper()
    return value


def _amount(value: str) -> Decimal:
    try:
        amount = Decimal(value.replace(",", ""))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not is_amount(amount, scale=LARGEST_SCALE):
        raise BadSearch(reason="amount: is a number like 1250.50")
    return amount


def _instant(name: str, value: str) -> datetime:
    """Return the instant: of a day of the reader's calendar, its beginning behind ``after``, its end with ``until``."""
    try:
        day, at = parse_date(value), parse_datetime(value)
    except ValueError:
        day = at = None
    if day is not None and date(1970, 1, 2) <= day < date(2999, 12, 31):
        midnight = datetime.combine(day + timedelta(days=name == "until"), time.min, timezone.get_current_timezone())
        return midnight.astimezone(UTC) - timedelta(microseconds=1)
    if at is not None and at.tzinfo and 1970 <= at.year < 3000:
        return at
    raise BadSearch(reason=f"{name}: is a day like 2026-01-31")
