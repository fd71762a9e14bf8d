"""Take what goes out as approved."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from audit.operations import follow_many
from audit.operations.follow_many import Step
from wallets.models import Outgoing
from wallets.states import OUTGOING_TRANSITIONS, OutgoingState


def approve_outgoings(ids: Collection[UUID], *, program_id: UUID, at: datetime) -> None:
    """Follow those that were only requested; one that was approved before stays so. The caller is in a transaction."""
    rows = Outgoing.objects.locked().filter(pk__in=ids, program=program_id, state=OutgoingState.REQUESTED)
    steps = [Step(pk=row.pk, source=row.state, to=OutgoingState.APPROVED, program_id=program_id) for row in rows]
    follow_many(OUTGOING_TRANSITIONS, steps, at=at)
