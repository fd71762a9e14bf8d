"""Take in that a provider has been paid a charge."""

from datetime import datetime

from affiliates.operations.confirm_settlements import Proof
from affiliates.operations.settle_by_proof import settle_by_proof
from affiliates.queries import notices
from wallets.rails import Applied, Delivery, Ignored


def take_charge(delivery: Delivery, at: datetime) -> Applied | Ignored:
    """Have the settlement settled that the charge was expected for, if what was paid is what was expected.

    :raises UnknownSettlement: if no such charge is expected, or not yet.
    :raises ProofDiffers: if another amount or asset was paid.
    :raises BadNotice: if the notice names no payment.
    """
    data = delivery.notice.data
    settlement = notices.charged(data, program_id=delivery.program_id)
    notices.require_equal(settlement, notices.paid(data))
    if settlement.is_recognised:
        return Ignored("It is settled already.")
    intent = settle_by_proof(
        Proof(
            settlement_id=settlement.pk, program_id=delivery.program_id, rail=delivery.rail,
            occurred_at=min(delivery.notice.occurred_at, at), tx_hash=notices.tx_hash_of(data),
            rail_event=delivery.event_id,
        )
    )  # fmt: skip
    return Applied({"settlement": str(settlement.pk), "intent": str(intent.pk)})
