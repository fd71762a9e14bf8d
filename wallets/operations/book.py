"""Book something that changes what wallets hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from ledger.movements import Posting
from ledger.operations import post
from wallets.models import PaymentRecord, Wallet, WalletTransaction
from wallets.operations.note_booked import note_booked
from wallets.states import TransactionType


@dataclass(frozen=True, slots=True)
class Written:
    """What was booked, the lines that say so in the wallets, and whether all of it stood there before."""

    booked_id: UUID
    lines: tuple[WalletTransaction, ...]
    is_replay: bool

    def in_wallet(self, wallet: Wallet) -> WalletTransaction:
        """Return the wallet's own line; what it repaid has a line behind it."""
        return next(line for line in self.lines if line.wallet_id == wallet.pk)


@transaction.atomic(savepoint=False)  # what has been asked for has one, and is undone as a whole
def book(
    posting: Posting,
    *,
    wallets: Sequence[Wallet],
    kind: TransactionType,
    payment: PaymentRecord | None = None,
    at: datetime,
) -> Written:
    """Book ``posting`` and write the lines of ``wallets``, whose locks the caller holds; or return what stands there.

    :raises PostingRefused: if it can't be booked.
    """
    booked = post(posting)
    if booked.is_replay:
        lines = WalletTransaction.objects.filter(ledger_transaction=booked.id).order_by("wallet", "number")
        return Written(booked.id, tuple(lines), is_replay=True)
    lines_now = note_booked(
        booked.id,
        wallets=wallets,
        kind=kind,
        payment=payment,
        description=posting.memo,
        metadata=posting.metadata,
        at=at,
    )
    return Written(booked.id, tuple(lines_now), is_replay=False)
