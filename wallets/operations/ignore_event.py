"""Leave what a rail has told us where it is."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import follow
from wallets.models import RailEvent
from wallets.operations.lock_event import lock_event
from wallets.states import RAIL_EVENT_TRANSITIONS, RailEventState


@transaction.atomic
def ignore_event(event_id: UUID, *, program_id: UUID, reason: str, at: datetime) -> RailEvent:
    """Say that a failed event is not to be applied any more, and why.

    :raises UnknownRailEvent: if the program has no such event.
    :raises WrongState: if it has not failed.
    """
    event, reason = lock_event(event_id, program_id=program_id, reason=reason, states=(RailEventState.FAILED,))
    return follow(
        RAIL_EVENT_TRANSITIONS, event, to=RailEventState.IGNORED, at=at, program_id=program_id,
        payload={"reason": reason}, values={"verdict": reason[:500], "due_at": None, "settled_at": at},
    )  # fmt: skip
