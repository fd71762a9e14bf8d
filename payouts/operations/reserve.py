"""Set aside what an approved batch pays, and give it back."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from affiliates.models import Purse
from ledger.movements import Movement, Posting
from ledger.operations import post_many
from payouts.models import Payout, PayoutBatch
from wallets import operations as wallets

_AT_ONCE = 1_000


def reserve(batch: PayoutBatch, payouts: Sequence[Payout], *, at: datetime) -> None:
    """Move what affiliates are paid from what they have earned to what is reserved. What goes out is by nature."""
    _post(batch, payouts, "PAYOUT_RESERVED", is_back=False)
    wallets.approve_outgoings(
        [payout.outgoing_id for payout in payouts if payout.outgoing_id], program_id=batch.program_id, at=at
    )  # fmt: skip


def unreserve(batch: PayoutBatch, payouts: Sequence[Payout]) -> None:
    """Give back what was reserved for payouts of which nothing was sent. What goes out stays approved."""
    _post(batch, payouts, "PAYOUT_RELEASED", is_back=True)


def purses_of(payouts: Sequence[Payout], *, asset_id: int) -> dict[UUID, Purse]:
    """Return the accounts of those who are paid, by the affiliate's id."""
    ids = [payout.affiliate_id for payout in payouts if payout.affiliate_id]
    return {purse.affiliate_id: purse for purse in Purse.objects.filter(affiliate__in=ids, asset=asset_id)}


def _post(batch: PayoutBatch, payouts: Sequence[Payout], kind: str, *, is_back: bool) -> None:
    purses = purses_of(payouts, asset_id=batch.asset_id)
    postings = []
    for payout in payouts:
        if payout.affiliate_id is None:
            continue
        purse = purses[payout.affiliate_id]
        sides = (purse.liability_id, purse.reserved_id)
        debit, credit = reversed(sides) if is_back else sides
        postings.append(
            Posting(
                program_id=batch.program_id, kind=kind, movements=(Movement(debit, credit, payout.paid_for),),
                # What was sent back can be submitted, and reserved, again.
                key=f"payout:{'released' if is_back else 'reserved'}:{payout.pk}:{batch.revision}",
                memo=str(batch), metadata={"payout": str(payout.pk)},
            )
        )  # fmt: skip
    for some in _in_turns(postings):
        post_many(some)


def _in_turns(postings: Sequence[Posting]) -> list[Sequence[Posting]]:
    return [postings[place : place + _AT_ONCE] for place in range(0, len(postings), _AT_ONCE)]
