"""Take in that a provider has given back what a charge was paid."""

from datetime import datetime

from affiliates.errors import ProofDiffers
from affiliates.operations.reverse_settlement import reverse_settlement
from affiliates.queries import notices
from wallets.rails import Applied, Delivery, Ignored


def take_refund(delivery: Delivery, at: datetime) -> Applied | Ignored:
    """Take it back of the settlement, with what was earned from it.

    :raises UnknownSettlement: if no such charge is expected, or not yet.
    :raises SettlementNotProven: if the payment is not in the books yet; the notice is looked at again later.
    :raises ProofDiffers: if it is another asset.
    :raises ReversalTooLarge: if more would be taken back than is left.
    """
    settlement = notices.charged(delivery.notice.data, program_id=delivery.program_id)
    told = notices.sum_of(delivery.notice.data.get("refunded"))
    if told.currency != settlement.asset.code:
        raise ProofDiffers(told=str(told), expected=f"an amount of {settlement.asset.code}")
    reversal = reverse_settlement(
        settlement.pk, program_id=delivery.program_id, amount=told.amount,
        key=f"rail:{delivery.rail}:{delivery.notice.external_id}", reason="Refunded by the provider",
        returned_from=delivery.rail, at=at,
    )  # fmt: skip
    return Applied({"settlement": str(settlement.pk), "reversal": str(reversal.pk)})
