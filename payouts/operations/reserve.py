"""Set aside what an approved batch pays, and give it back."""

from collections.abc import Sequence
from datetime import datetime

from ledger.movements import Movement, Posting
from ledger.operations import post_many
from payouts.models import Payout, PayoutBatch
from payouts.operations.tell_payees import News, tell_payees
from payouts.queries.purses import Purses

_AT_ONCE = 1_000


def reserve(batch: PayoutBatch, payouts: Sequence[Payout], *, at: datetime) -> None:
    """Move what affiliates are paid from what they have earned to what is reserved. Others' is set aside before."""
    _post(batch, payouts, "PAYOUT_RESERVED", is_back=False)
    tell_payees(payouts, News.RESERVED, at=at)


def unreserve(batch: PayoutBatch, payouts: Sequence[Payout]) -> None:
    """Give back what was reserved for payouts of which nothing was sent. What goes out stays approved."""
    _post(batch, payouts, "PAYOUT_RELEASED", is_back=True)


def _post(batch: PayoutBatch, payouts: Sequence[Payout], kind: str, *, is_back: bool) -> None:
    purses = Purses(payouts)
    postings = []
    for payout in payouts:
        sides = purses.moved_by_approval(payout)
        if sides is None:
            continue
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
