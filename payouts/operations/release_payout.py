"""Give a payout up that has failed: what it was for is due again."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from affiliates import operations as affiliates
from affiliates.models import Commission
from affiliates.states import CommissionState
from audit.errors import WrongState
from audit.operations import follow
from ledger.money import ZERO, exactly
from ledger.movements import Movement, Posting
from ledger.operations import post
from payouts.models import Payout, PayoutLine
from payouts.operations.settle_batches import settle_batch
from payouts.operations.tell_payees import News, tell_payees
from payouts.queries.batches import locked_payout
from payouts.queries.purses import Purses
from payouts.states import PAYOUT_TRANSITIONS, PayoutState
from wallets.queries.checking import require_reason


@transaction.atomic
def release_payout(payout_id: UUID, *, program_id: UUID, reason: str, at: datetime) -> Payout:
    """Give back what is still reserved: all of it, or what the parts that were paid have left.

    :raises UnknownPayout: if the program has no such payout.
    :raises WrongState: if it has not failed.
    """
    reason = require_reason(reason)
    batch, payout = locked_payout(payout_id, program_id=program_id)
    if payout.state != PayoutState.FAILED:
        raise WrongState(subject="payout", state=payout.get_state_display().lower(), wanted="released", possible=[])

    if payout.affiliate_id is not None:
        _free(payout, at=at)
    tell_payees([payout], News.RELEASED, at=at)
    follow(
        PAYOUT_TRANSITIONS, payout, to=PayoutState.RELEASED, at=at, program_id=program_id,
        payload={"reason": reason}, values={"retry_at": None, "settled_at": at},
    )  # fmt: skip
    settle_batch(batch, at=at)
    return payout


def _free(payout: Payout, *, at: datetime) -> None:
    rows = PayoutLine.objects.filter(payout=payout, is_live=True, commission__state=CommissionState.BATCHED)
    commissions = list(Commission.objects.locked().filter(pk__in=rows.values("commission")).values_list("pk", "amount"))
    with exactly():
        left = sum((amount for _, amount in commissions), ZERO)
    rows.update(is_live=False)
    affiliates.settle_batched([pk for pk, _ in commissions], program_id=payout.program_id, is_paid=False, at=at)
    sides = Purses([payout]).moved_by_approval(payout)
    assert sides is not None, "it is an affiliate's"
    liability_id, reserved_id = sides
    post(
        Posting(
            program_id=payout.program_id, key=f"payout:released:{payout.pk}", kind="PAYOUT_RELEASED",
            movements=(Movement(reserved_id, liability_id, left),), metadata={"payout": str(payout.pk)},
        )
    )  # fmt: skip
