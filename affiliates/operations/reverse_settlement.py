"""Take back of a settlement what was refunded or charged back."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from affiliates.models import Reversal
from affiliates.operations.correct_settlement import correct_settlement
from ledger.errors import BadAmount


def reverse_settlement(
    settlement_id: UUID, *, program_id: UUID, amount: Decimal, key: str, reason: str, returned_from: str = "",
    at: datetime,
) -> Reversal:  # fmt: skip
    """Take ``amount`` back, and claw back pro rata what both levels earned from it.

    :raises BadAmount: if it is not above zero.
    :raises UnknownSettlement: if the program has no such settlement.
    :raises SettlementNotProven: if it is not in the books yet.
    :raises ReversalTooLarge: if more would be taken back than is left.
    :raises ReversalConflict: if the key was used for something else.
    :raises PostingRefused: if it can't be booked.
    """
    if not amount > 0:
        raise BadAmount(amount=str(amount)[:60])
    return correct_settlement(
        settlement_id, program_id=program_id, amount=amount, key=key, reason=reason, returned_from=returned_from, at=at
    )
