"""Write into wallets that what was taken out of them has left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from ledger import operations as ledger
from ledger.money import ZERO, exactly
from ledger.states import HoldState
from wallets.models import Wallet, WalletTransaction, Withdrawal
from wallets.operations.note_booked import note_booked
from wallets.queries.holdings import changes_of
from wallets.states import TransactionStatus, TransactionType

PAID_AFTER_ALL: Final = "Paid after it was given up"
PAID_AGAIN: Final = "Paid once more"


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A withdrawal that was booked as paid; ``is_held`` where that took what was held for it."""

    withdrawal: Withdrawal
    booked_id: UUID
    amount: Decimal
    is_held: bool
    receipt: str = ""


def note_withdrawn(taken: Sequence[Withdrawn], *, at: datetime) -> None:
    """Complete the lines of withdrawals that were booked in this transaction, and count their holds as captured.

    The caller holds the locks of the withdrawals, their wallets and their holds since before it booked. What was paid
    after it was given up, or once more, took what the wallet had, or is owed now: a line of its own says so.
    """
    behind = _behind(taken)
    wallets: dict[UUID, Wallet] = {}
    for one, later in zip(taken, behind, strict=True):
        withdrawal = one.withdrawal
        wallet = wallets.setdefault(withdrawal.wallet_id, withdrawal.wallet)
        pending = withdrawal.wallet_transaction if one.is_held else None
        lines = note_booked(
            one.booked_id, wallets=[wallet], kind=TransactionType.WITHDRAWAL, pending=pending, later=later,
            description=_words(withdrawal, pending), metadata={"withdrawal": str(withdrawal.pk)}, at=at,
        )  # fmt: skip
        if one.is_held:
            assert withdrawal.hold.state == HoldState.OPEN
            ledger.note_captured(withdrawal.hold_id, program_id=withdrawal.program_id, amount=one.amount, at=at)
        elif lines and withdrawal.wallet_transaction.status == TransactionStatus.FAILED:
            withdrawal.wallet_transaction = lines[0]
        withdrawal.receipt = withdrawal.receipt or one.receipt[:200]
        withdrawal.save(update_fields=("wallet_transaction", "receipt"))


def _behind(taken: Sequence[Withdrawn]) -> list[Decimal]:
    """Return by how much each one's wallet changed behind it: balances are read when all are booked."""
    changes = changes_of([one.booked_id for one in taken], [one.withdrawal.wallet for one in taken])
    later: dict[UUID, Decimal] = {}
    found: list[Decimal] = []
    with exactly():
        for one in reversed(taken):
            wallet_id = one.withdrawal.wallet_id
            found.append(later.get(wallet_id, ZERO))
            later[wallet_id] = later.get(wallet_id, ZERO) + changes.get((one.booked_id, wallet_id), ZERO)
    return found[::-1]


def _words(withdrawal: Withdrawal, pending: WalletTransaction | None) -> str:
    said: str = withdrawal.wallet_transaction.description
    if pending is not None:
        return said
    was_given_up = withdrawal.wallet_transaction.status == TransactionStatus.FAILED
    return f"{PAID_AFTER_ALL if was_given_up else PAID_AGAIN}: {said}"[:500]
