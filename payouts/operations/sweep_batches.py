"""Find batches that are through, and say so."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from payouts.models import Payout, PayoutBatch
from payouts.operations.settle_batches import settle_batches
from payouts.states import MOVING, TROUBLED, BatchState


@transaction.atomic
def sweep_batches(*, at: datetime) -> int:
    """Settle each that nobody has settled: of two who finish the last payouts at once neither sees the other's."""
    moving = Payout.objects.filter(batch=OuterRef("pk"), state__in=MOVING)
    troubled = Payout.objects.filter(batch=OuterRef("pk"), state__in=TROUBLED)
    running = PayoutBatch.objects.filter(~Exists(moving), state=BatchState.PROCESSING)
    mended = PayoutBatch.objects.filter(~Exists(moving), ~Exists(troubled), state=BatchState.EXECUTED_WITH_ERRORS)
    ids = [*running.values_list("pk", flat=True), *mended.values_list("pk", flat=True)]
    settle_batches(ids, at=at)
    return len(ids)
