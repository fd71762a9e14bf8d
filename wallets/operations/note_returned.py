"""Write into a wallet that what was taken out of it came back."""

from datetime import datetime
from uuid import UUID

from wallets.models import WalletTransaction, Withdrawal
from wallets.operations.note_booked import note_booked
from wallets.states import TransactionType


def note_returned(withdrawal: Withdrawal, *, booked_id: UUID, at: datetime) -> list[WalletTransaction]:
    """Write its line; what the owner owes is repaid from it first, and told. The caller has booked it."""
    return note_booked(
        booked_id, wallets=[withdrawal.wallet], kind=TransactionType.RETURN,
        description=f"Came back: {withdrawal.wallet_transaction.description}"[:500],
        metadata={"withdrawal": str(withdrawal.pk)}, at=at,
    )  # fmt: skip
