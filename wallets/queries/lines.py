"""A wallet's lines as its owner reads them: the latest, those that are looked for, and who was on the other side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q

from ledger.models import Transaction
from wallets.models import Wallet, WalletTransaction, WalletTransactionQuerySet
from wallets.states import TransactionStatus, TransactionType

LINES_AT_ONCE: Final = 25
PENDING_AT_MOST: Final = 20

_WITH_ANOTHER: Final = (TransactionType.TRANSFER, TransactionType.PAYMENT, TransactionType.REFUND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """Which lines; what is empty is not asked about."""

    type: str = ""
    after: datetime | None = None
    until: datetime | None = None
    reference: str = ""

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return not (self.type or self.after or self.until or self.reference)


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, the latest first, and the number to go on behind; without one there are no more."""

    lines: Sequence[WalletTransaction]
    older_than: int | None


def lines_of(wallet: Wallet, asked: Criteria, *, older_than: int | None = None) -> Page:
    """Return a page of the wallet's booked lines. Their numbers are the order in which they were booked."""
    rows = _matching(wallet.transactions.filter(number__isnull=False), wallet, asked)
    if older_than is not None:
        rows = rows.filter(number__lt=older_than)
    found = list(rows.select_related("payment").order_by("-number")[: LINES_AT_ONCE + 1])
    has_more = len(found) > LINES_AT_ONCE
    lines = found[:LINES_AT_ONCE]
    return Page(lines, lines[-1].number if has_more else None)


def pending_of(wallet: Wallet) -> list[WalletTransaction]:
    """Return what waits for somebody outside: it has no number and moved nothing yet."""
    waiting = wallet.transactions.filter(status=TransactionStatus.PENDING)
    return list(waiting.order_by("-id")[:PENDING_AT_MOST])


def latest_of(wallets: Iterable[Wallet], *, count: int) -> list[WalletTransaction]:
    """Return the latest lines of all ``wallets`` together, however many there are in each."""
    # One short walk of each wallet's index: over all at once the database may read the whole table instead.
    latest = [
        WalletTransaction.objects.filter(wallet=wallet).order_by("-id").values_list("pk")[:count] for wallet in wallets
    ]
    if not latest:
        return []
    ids = [pk for (pk,) in (latest[0].union(*latest[1:], all=True) if len(latest) > 1 else latest[0])]
    rows = WalletTransaction.objects.filter(pk__in=ids).select_related("wallet__asset", "wallet__program", "payment")
    return list(rows.order_by("-completed_at", "-pk")[:count])


def others_in(lines: Iterable[WalletTransaction]) -> dict[UUID, str]:
    """Return who was on the other side of lines, by line: where another wallet was, and not the house."""
    told = [line for line in lines if line.type in _WITH_ANOTHER]
    booked = [line.ledger_transaction_id for line in told]
    others = WalletTransaction.objects.filter(ledger_transaction__in=booked, type__in=_WITH_ANOTHER)
    sides: dict[UUID | None, list[tuple[UUID, str]]] = {}
    for booked_id, wallet_id, name in others.values_list("ledger_transaction", "wallet", "wallet__party__name"):
        sides.setdefault(booked_id, []).append((wallet_id, name))
    found = {}
    for line in told:
        names = [name for wallet_id, name in sides.get(line.ledger_transaction_id, []) if wallet_id != line.wallet_id]
        if names:
            found[line.pk] = names[0]
    return found


def _matching(rows: WalletTransactionQuerySet, wallet: Wallet, asked: Criteria) -> WalletTransactionQuerySet:
    if asked.type:
        rows = rows.filter(type=asked.type)
    if asked.after:
        rows = rows.filter(completed_at__gt=asked.after)
    if asked.until:
        rows = rows.filter(completed_at__lte=asked.until)
    if asked.reference:
        rows = rows.filter(_named(asked.reference, wallet))
    return rows


def _named(reference: str, wallet: Wallet) -> Q:
    """A reference is an id, a key that somebody booked under, a rail's receipt, or words of the description."""
    keys = [reference, f"house:wallets:{reference}"]
    booked = list(Transaction.objects.under_keys(wallet.program_id, keys).values_list("pk", flat=True))
    named = Q(description__icontains=reference) | Q(ledger_transaction__in=booked)
    named |= Q(payment__receipt=reference) | Q(payment__key=reference)
    try:
        whole = UUID(reference)
    except ValueError:
        return named
    return named | Q(pk=whole) | Q(payment=whole) | Q(ledger_transaction=whole)
