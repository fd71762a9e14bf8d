"""Hold payouts back that can't be sent as others have agreed."""

from collections.abc import Sequence
from datetime import datetime

from audit.operations import follow_many
from audit.operations.follow_many import Step
from payouts.models import Payout
from payouts.states import PAYOUT_TRANSITIONS, PayoutState

PAYEE_CHANGED = ("payee_changed", "The payee changed after others agreed to it.")


def hold_back(held: Sequence[tuple[Payout, tuple[str, str]]], *, at: datetime) -> None:
    """Hold what is ready, each for its reason: a code, and words. The caller holds their locks.

    One that failed and was to be sent again stays failed: nobody sends it again until a person decides anew.
    """
    steps = [
        Step(
            pk=payout.pk, source=payout.state, to=PayoutState.HELD, program_id=payout.program_id,
            values={"why": why[:40], "reason": reason[:500]},
        )
        for payout, (why, reason) in held
        if payout.state == PayoutState.READY
    ]  # fmt: skip
    follow_many(PAYOUT_TRANSITIONS, steps, at=at)
    for payout, (why, reason) in held:
        if payout.state == PayoutState.FAILED:
            payout.retry_at, payout.why, payout.reason = None, why[:40], reason[:500]
            payout.save(update_fields=("retry_at", "why", "reason"))
        elif payout.state == PayoutState.READY:
            payout.state = PayoutState.HELD
