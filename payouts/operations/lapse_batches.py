"""Let go of what was approved and not sent in time."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from payouts.models import Payout, PayoutBatch
from payouts.operations.leave_out import leave_out
from payouts.operations.settle_batches import settle_batch
from payouts.states import RUNNING, PayoutState

OVER = "The approval was over before it could be sent."
_NOT_TRIED = (PayoutState.READY, PayoutState.HELD)


def lapse_batches(*, at: datetime) -> int:
    """Leave out what is ready or held in batches whose approval is over, and return how many payouts that were."""
    due = PayoutBatch.objects.filter(
        state__in=RUNNING, expires_at__lte=at, payouts__state__in=_NOT_TRIED
    ).distinct()  # fmt: skip
    return sum(_lapse(batch_id, at=at) for batch_id in list(due.values_list("pk", flat=True)))


@transaction.atomic
def _lapse(batch_id: UUID, *, at: datetime) -> int:
    batch = PayoutBatch.objects.locked().select_related("asset").get(pk=batch_id)
    if batch.state not in RUNNING or batch.expires_at is None or batch.expires_at > at:
        return 0
    waiting = list(Payout.objects.locked().filter(batch=batch, state__in=_NOT_TRIED))
    leave_out(batch, waiting, why="approval_over", reason=OVER, is_reserved=True, at=at)
    settle_batch(batch, at=at)
    return len(waiting)
