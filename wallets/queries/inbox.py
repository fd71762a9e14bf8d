"""What in the inbox somebody has to look at."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from wallets.models import RailEvent, RailEventQuerySet
from wallets.states import RailEventState

# Half an hour is enough for what comes out of order.
PATIENCE: Final = timedelta(minutes=30)
_NOT_TAKEN_IN: Final = (RailEventState.RECEIVED, RailEventState.VERIFIED, RailEventState.FAILED)


def waiting_or_changed(*, program_id: UUID | None, at: datetime) -> Iterator[tuple[RailEvent, str]]:
    """Return what was not taken in for too long, and what was told otherwise a second time."""
    events = _of(program_id).select_related("account").defer("body", "headers", "fault")
    for event in events.filter(state__in=_NOT_TAKEN_IN, received_at__lt=at - PATIENCE).order_by("pk").iterator():
        yield event, "is not taken in"
    for event in events.filter(is_changed=True).order_by("pk").iterator():
        yield event, "was told otherwise before"


def inbox_size(*, program_id: UUID | None) -> int:
    """Return how many events there are."""
    return int(_of(program_id).count())


def _of(program_id: UUID | None) -> RailEventQuerySet:
    events: RailEventQuerySet = RailEvent.objects.all()
    return events if program_id is None else events.filter(program=program_id)
