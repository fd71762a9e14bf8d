"""Try again what a rail has told us."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import record
from wallets.models import RailEvent
from wallets.operations.apply_event import apply_event
from wallets.operations.lock_event import lock_event
from wallets.operations.verify_event import verify_event
from wallets.states import RailEventState


@transaction.atomic
def replay_event(event_id: UUID, *, program_id: UUID, reason: str, at: datetime) -> RailEvent:
    """Prove again what was rejected, and apply again what has failed, at once; what was applied is left alone.

    :raises UnknownRailEvent: if the program has no such event.
    :raises WrongState: if there is nothing to try again.
    :raises SecretUnreadable: if the account's secrets don't open.
    """
    event, reason = lock_event(
        event_id, program_id=program_id, reason=reason, states=(RailEventState.REJECTED, RailEventState.FAILED)
    )
    record(
        "wallets.rail_event.replayed", subject=event, at=at, program_id=program_id, payload={"reason": reason}
    )  # fmt: skip
    if event.state == RailEventState.REJECTED:
        event = verify_event(event.pk, at=at)
        if event.state != RailEventState.VERIFIED:
            return event
    RailEvent.objects.filter(pk=event.pk).update(attempts=0)
    return apply_event(event.pk, at=at) or event
