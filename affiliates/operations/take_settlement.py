"""Take in that a provider of one's own was paid by a member."""

from datetime import datetime

from affiliates.operations.confirm_settlements import Proof
from affiliates.operations.expect_settlement import expect_settlement
from affiliates.operations.settle_by_proof import settle_by_proof
from affiliates.queries import notices, people, sales
from affiliates.states import SettlementSource
from identity.proofs import read_address
from wallets.rails import Applied, Delivery, Ignored


def take_settlement(delivery: Delivery, at: datetime) -> Applied | Ignored:
    """Settle what the notice says: ``reference``, ``member`` (a wallet address), ``amount`` and ``asset``.

    :raises BadNotice: if it says something else.
    :raises AddressMakesNoSense: if the member's address is none.
    :raises UnknownMember: if there is no such member, or not yet.
    :raises NotThisAsset: if nothing is settled in the asset.
    :raises SettlementTaken: if the reference was told of otherwise before.
    """
    data = delivery.notice.data
    address = read_address(notices.text_of(data, "member", longest=42))
    settlement = expect_settlement(
        people.member_by_address(address, program_id=delivery.program_id),
        asset=sales.settled_asset(notices.text_of(data, "asset", longest=40)), amount=notices.amount_of(data),
        source=SettlementSource.PROVIDER, source_event=notices.text_of(data, "reference", longest=120), at=at,
    )  # fmt: skip
    if settlement.is_recognised:
        return Ignored("It is settled already.")
    intent = settle_by_proof(
        Proof(
            settlement_id=settlement.pk, program_id=delivery.program_id, rail=delivery.rail,
            occurred_at=min(delivery.notice.occurred_at, at), rail_event=delivery.event_id,
        )
    )  # fmt: skip
    return Applied({"settlement": str(settlement.pk), "intent": str(intent.pk)})
