"""Note who had a hand in a batch."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from payouts.models import BatchMaker, PayoutBatch
from payouts.states import Role


def note_makers(batch: PayoutBatch, makers: Iterable[tuple[UUID, Role | str]], *, at: datetime) -> None:
    """Write down that these people did this with the batch; what is written already stays."""
    BatchMaker.objects.bulk_create(
        [
            BatchMaker(program_id=batch.program_id, batch=batch, user_id=user_id, role=role, at=at)
            for user_id, role in makers
        ],
        ignore_conflicts=True,
    )
