"""Take in that a charge was not paid."""

from datetime import datetime

from affiliates.operations.fail_settlement import fail_settlement
from affiliates.queries import notices
from affiliates.states import SettlementState
from wallets.rails import Applied, Delivery, Ignored


def take_charge_failure(delivery: Delivery, at: datetime) -> Applied | Ignored:
    """Fail the settlement that waits for it; one that was paid is paid, whatever comes after.

    :raises UnknownSettlement: if no such charge is expected, or not yet.
    """
    settlement = notices.charged(delivery.notice.data, program_id=delivery.program_id)
    if settlement.state != SettlementState.PENDING:
        return Ignored(f"It is {settlement.get_state_display().lower()} already.")
    fail_settlement(
        settlement.pk, program_id=delivery.program_id, verdict="The provider says that it was not paid.", at=at
    )
    return Applied({"settlement": str(settlement.pk)})
