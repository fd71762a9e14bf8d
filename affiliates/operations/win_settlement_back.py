"""Give a settlement again what was charged back and is won."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from affiliates.models import Reversal
from affiliates.operations.correct_settlement import correct_settlement
from ledger.errors import BadAmount


def win_settlement_back(
    settlement_id: UUID, *, program_id: UUID, amount: Decimal, key: str, reason: str, returned_from: str = "",
    at: datetime,
) -> Reversal:  # fmt: skip
    """Let ``amount`` count again, and give both levels again what was clawed back for it.

    :raises BadAmount: if it is not above zero.
    :raises UnknownSettlement: if the program has no such settlement.
    :raises SettlementNotProven: if it is not in the books yet.
    :raises ReversalTooLarge: if more is won back than was taken.
    :raises ReversalConflict: if the key was used for something else.
    :raises PostingRefused: if it can't be booked.
    """
    if not amount > 0:
        raise BadAmount(amount=str(amount)[:60])
    return correct_settlement(
        settlement_id, program_id=program_id, amount=-amount, key=key, reason=reason, returned_from=returned_from, at=at
    )
