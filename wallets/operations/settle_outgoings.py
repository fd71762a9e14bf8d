"""Take what goes out as paid."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from audit.operations import follow_many
from audit.operations.follow_many import Step
from wallets.models import Outgoing
from wallets.states import OUTGOING_TRANSITIONS, OutgoingState


def settle_outgoings(ids: Collection[UUID], *, program_id: UUID, at: datetime) -> None:
    """Follow them to paid; the caller has booked it, in the same transaction."""
    rows = Outgoing.objects.locked().filter(pk__in=ids, program=program_id).exclude(state=OutgoingState.PAID)
    steps = [Step(pk=row.pk, source=row.state, to=OutgoingState.PAID, program_id=program_id) for row in rows]
    follow_many(OUTGOING_TRANSITIONS, steps, at=at)
