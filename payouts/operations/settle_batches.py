"""Say that a batch is through."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from audit.operations import follow
from payouts.models import Payout, PayoutBatch
from payouts.states import BATCH_TRANSITIONS, MOVING, RUNNING, TROUBLED, BatchState


def settle_batches(ids: Collection[UUID], *, at: datetime) -> None:
    """Follow each batch to where its payouts are, if nothing of it moves any more.

    The caller may hold payouts' locks, which come behind the batch's: so nobody is waited for here, and what is left
    out is swept up later.
    """
    for batch in PayoutBatch.objects.locked(skip=True).filter(pk__in=ids, state__in=RUNNING):
        settle_batch(batch, at=at)


def settle_batch(batch: PayoutBatch, *, at: datetime) -> None:
    """Do the same with one, whose lock the caller holds."""
    inside = Payout.objects.filter(batch=batch)
    if inside.filter(state__in=MOVING).exists():
        return
    is_troubled = inside.filter(state__in=TROUBLED).exists()
    to = BatchState.EXECUTED_WITH_ERRORS if is_troubled else BatchState.EXECUTED
    if batch.state != to:
        follow(BATCH_TRANSITIONS, batch, to=to, at=at, program_id=batch.program_id, values={"ended_at": at})
