"""Lock an event that a person decides on."""

from collections.abc import Collection
from uuid import UUID

from audit.errors import WrongState
from wallets.errors import UnknownRailEvent
from wallets.models import RailEvent
from wallets.queries import checking
from wallets.states import RAIL_EVENT_TRANSITIONS, RailEventState


def lock_event(
    event_id: UUID, *, program_id: UUID, reason: str, states: Collection[RailEventState]
) -> tuple[RailEvent, str]:
    """Return the event, locked, and the reason as it is kept.

    :raises UnknownRailEvent: if the program has no such event.
    :raises WrongState: if it is in none of ``states``.
    """
    reason = checking.require_reason(reason)
    event = RailEvent.objects.locked().select_related("account").filter(pk=event_id, program=program_id).first()
    if event is None:
        raise UnknownRailEvent(event=event_id)
    if event.state not in states:
        raise WrongState(
            subject=event._meta.verbose_name, state=event.state, wanted="another attempt",
            possible=list(RAIL_EVENT_TRANSITIONS.targets(event.state)),
        )  # fmt: skip
    return event, reason
