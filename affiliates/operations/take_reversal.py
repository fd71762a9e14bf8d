"""Take in that a provider of one's own gave something back, or has won it back."""

from datetime import datetime

from affiliates.operations.reverse_settlement import reverse_settlement
from affiliates.operations.win_settlement_back import win_settlement_back
from affiliates.queries import notices
from wallets.rails import Applied, Delivery, Ignored


def take_reversal(delivery: Delivery, at: datetime) -> Applied | Ignored:
    """Take ``amount`` of the settlement called ``reference`` back; a notice that it was won lets it count again.

    :raises BadNotice: if the notice says something else.
    :raises UnknownSettlement: if there is none of the name, or not yet.
    :raises SettlementNotProven: if it is not in the books yet; the notice is looked at again later.
    :raises ReversalTooLarge: if more would be taken back than is left, or more won back than was taken.
    """
    data = delivery.notice.data
    settlement = notices.settlement_called(
        notices.text_of(data, "reference", longest=120), program_id=delivery.program_id
    )
    correct = win_settlement_back if delivery.notice.kind == "settlement.won" else reverse_settlement
    reversal = correct(
        settlement.pk, program_id=delivery.program_id, amount=notices.amount_of(data),
        key=f"rail:{delivery.rail}:{delivery.notice.external_id}",
        reason=str(data.get("reason") or "Told by the provider")[:500], returned_from=delivery.rail, at=at,
    )  # fmt: skip
    return Applied({"settlement": str(settlement.pk), "reversal": str(reversal.pk)})
