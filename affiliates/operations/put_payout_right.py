"""Put right what is owed, after a rail has paid what we had given up, or sent back what was paid."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from affiliates.models import Commission
from affiliates.states import CommissionState, CommissionType
from audit.operations import record
from ledger.money import plain


def put_payout_right(
    affiliate_id: UUID, *, program_id: UUID, asset_id: int, amount: Decimal, reason: str, booked_id: UUID, at: datetime
) -> Commission:
    """Add a row of ``amount``: above zero when it came back and is owed again, below when it was paid after all.

    The caller has booked it, in the same transaction.
    """
    row = Commission.objects.create(
        program_id=program_id, affiliate_id=affiliate_id, asset_id=asset_id,
        type=CommissionType.REINSTATEMENT if amount > 0 else CommissionType.ADJUSTMENT,
        state=CommissionState.DUE, amount=amount, reason=reason[:500], accrued_at=at, payable_at=at,
        ledger_transaction_id=booked_id,
    )  # fmt: skip
    record(
        "affiliates.commission.put_right", subject=row, at=at, program_id=program_id,
        payload={"amount": plain(amount), "reason": reason[:500], "affiliate": str(affiliate_id)},
    )  # fmt: skip
    return row
