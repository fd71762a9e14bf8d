"""Leave payouts out of a batch: what they would have paid is due again."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from affiliates import operations as affiliates
from audit.operations import follow_many
from audit.operations.follow_many import Step
from payouts.models import Payout, PayoutBatch, PayoutLine
from payouts.operations.reserve import unreserve
from payouts.operations.tell_payees import News, tell_payees
from payouts.states import PAYOUT_TRANSITIONS, PayoutState


def leave_out(
    batch: PayoutBatch, payouts: Sequence[Payout], *, why: str, reason: str, is_reserved: bool, at: datetime
) -> None:
    """Follow payouts to EXCLUDED, give back what was reserved, and make their rows due again.

    The caller holds their locks, and none of them was ever tried.
    """
    if is_reserved:
        unreserve(batch, payouts)
    free_rows(payouts, program_id=batch.program_id, at=at)
    tell_payees(payouts, News.TAKEN_BACK, at=at)
    follow_many(
        PAYOUT_TRANSITIONS,
        [
            Step(
                pk=payout.pk, source=payout.state, to=PayoutState.EXCLUDED, program_id=batch.program_id,
                values={"why": why, "reason": reason},
            )
            for payout in payouts
        ],
        at=at,
    )  # fmt: skip
    for payout in payouts:
        payout.state, payout.why, payout.reason = PayoutState.EXCLUDED, why, reason


def free_rows(payouts: Sequence[Payout], *, program_id: UUID, at: datetime) -> None:
    """Make what payouts would have paid due again."""
    lines = PayoutLine.objects.filter(payout__in=[payout.pk for payout in payouts], is_live=True)
    commissions = list(lines.values_list("commission", flat=True))
    lines.update(is_live=False)
    affiliates.settle_batched(commissions, program_id=program_id, is_paid=False, at=at)
