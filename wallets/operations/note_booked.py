"""Write into wallets what a transaction of the books has done to them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit.operations import follow
from ledger.money import ZERO, exactly
from wallets.models import PaymentRecord, Wallet, WalletTransaction
from wallets.queries.holdings import Moved, moved_and_left
from wallets.states import TRANSACTION_TRANSITIONS, TransactionStatus, TransactionType


@dataclass(slots=True)
class _Change:
    """What one transaction did to one wallet."""

    moved: Decimal = Decimal(0)  # in, or out when below zero: available and held together, repayments apart
    repaid: Decimal = Decimal(0)
    newly_owed: Decimal = Decimal(0)


def note_booked(
    booked_id: UUID, *, wallets: Sequence[Wallet], kind: TransactionType, payment: PaymentRecord | None = None,
    pending: WalletTransaction | None = None, later: Decimal = ZERO, description: str = "",
    metadata: Mapping[str, Any] | None = None, at: datetime,
) -> list[WalletTransaction]:  # fmt: skip
    """Write a line into each of ``wallets`` that the transaction touched, and a second one for what it repaid.

    A line that is ``pending`` is completed and not written anew. ``later`` is by how much the one wallet changed behind
    this, where more than one transaction was booked at once.

    The books say what has moved: they divide charge-backs and repay what is owed under their own locks. The caller
    holds the wallets' locks and has booked in this database transaction.
    """
    told = {**(metadata or {}), **({"payment": str(payment.pk)} if payment else {})}
    entries, standing = moved_and_left(booked_id, wallets)
    lines: list[WalletTransaction] = []
    with exactly():
        for wallet in wallets:
            change = _change_of(wallet, entries)
            steps = _steps(change, kind, standing[wallet.pk].total - later)
            for number, (step, amount, owed_change, before) in enumerate(steps, start=wallet.last_number + 1):
                figures = {
                    "owed_change": owed_change, "number": number, "balance_before": before,
                    "balance_after": before + amount, "ledger_transaction_id": booked_id, "completed_at": at,
                }  # fmt: skip
                if pending is not None and step == kind:
                    lines.append(_complete(pending, figures, at=at))
                    continue
                line = WalletTransaction(
                    program_id=wallet.program_id, wallet=wallet, type=step, status=TransactionStatus.COMPLETED,
                    amount=abs(amount), is_credit=amount > 0, payment=payment, description=description,
                    metadata=told, created_at=at, **figures,
                )  # fmt: skip
                lines.append(line)
            _move_on(wallet, by=len(steps), at=at)
    WalletTransaction.objects.bulk_create(line for line in lines if line is not pending)
    return lines


def _complete(pending: WalletTransaction, figures: Mapping[str, Any], *, at: datetime) -> WalletTransaction:
    """Complete a line that waited for somebody outside."""
    return follow(
        TRANSACTION_TRANSITIONS, pending, to=TransactionStatus.COMPLETED, at=at, program_id=pending.program_id,
        values=figures,
    )  # fmt: skip


def _change_of(wallet: Wallet, entries: Iterable[Moved]) -> _Change:
    change, own = _Change(), (wallet.account_id, wallet.reserved_id)
    for debit, credit, amount in entries:
        if debit in own and credit == wallet.owed_id:
            change.repaid += amount
            continue
        change.moved += (amount if credit in own else 0) - (amount if debit in own else 0)
        change.newly_owed += amount if debit == wallet.owed_id else 0
    return change


def _steps(
    change: _Change, kind: TransactionType, total: Decimal
) -> list[tuple[TransactionType, Decimal, Decimal, Decimal]]:
    """Return type, signed amount, change of what is owed and balance before, line by line."""
    steps = []
    before = total + change.repaid - change.moved
    if change.moved or change.newly_owed:
        steps.append((kind, change.moved, change.newly_owed, before))
    if change.repaid:
        steps.append((TransactionType.REPAYMENT, -change.repaid, -change.repaid, before + change.moved))
    return steps


def _move_on(wallet: Wallet, *, by: int, at: datetime) -> None:
    wallet.version += 1
    if by:
        wallet.last_number += by
        wallet.last_transaction_at = at
    Wallet.objects.filter(pk=wallet.pk).update(
        version=wallet.version, last_number=wallet.last_number, last_transaction_at=wallet.last_transaction_at
    )
