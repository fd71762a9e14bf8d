"""Collect everything that is due."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import record
from identity.models import User
from ledger.money import ZERO, exactly, plain
from payouts.errors import BatchIsFrozen
from payouts.models import PayoutBatch
from payouts.operations.note_makers import note_makers
from payouts.operations.put_in import PutIn, put_in
from payouts.queries import choices
from payouts.queries.batches import locked_batch
from payouts.states import BatchState, Role


@transaction.atomic
def collect_due(batch_id: UUID, *, program_id: UUID, by: User, at: datetime) -> PutIn:
    """Put everybody into a draft to whom something is due, and say of the others what keeps them from being paid.

    :raises UnknownBatch: if the program has no such batch.
    :raises BatchIsFrozen: if it is no draft.
    """
    batch = locked_batch(batch_id, program_id=program_id)
    require_draft(batch)

    done = put_in(
        batch, affiliates_due=choices.affiliates_due(batch), outgoings=choices.outgoings_due(batch),
        withdrawals=choices.withdrawals_due(batch), at=at,
    )  # fmt: skip
    note_makers(batch, [(by.pk, Role.COLLECTED)], at=at)

    with exactly():
        amount = sum((put.choice.amount for put in done.ready), ZERO)
    record(
        "payouts.batch.collected", subject=batch, at=at, program_id=program_id,
        payload={
            "ready": len(done.ready), "left_out": len(done.left_out),
            "amount": plain(amount),
        },
    )  # fmt: skip
    return done


def require_draft(batch: PayoutBatch) -> None:
    """Refuse to change what others look at.

    :raises BatchIsFrozen: if the batch is no draft.
    """
    if batch.state != BatchState.DRAFT:
        raise BatchIsFrozen(state=batch.get_state_display().lower())
