"""Let go of holds whose time is over."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from audit.errors import DomainError
from ledger.models import Hold
from ledger.operations.release import release
from ledger.states import HoldState


class Release(Protocol):
    """What lets go of a hold."""

    def __call__(self, hold_id: UUID, *, program_id: UUID, to: HoldState, at: datetime) -> Hold: ...


def expire_holds(*, at: datetime, release_with: Release = release) -> int:
    """Release every open hold whose time is over, each in a transaction of its own, and return how many there were.

    Who owns what is held, and writes down what happens to it, says how it is released.
    """
    due = Hold.objects.filter(state=HoldState.OPEN, expires_at__lte=at).values_list("pk", "program_id")
    return sum(_expire(hold_id, program_id, release_with, at=at) for hold_id, program_id in list(due[:10_000]))


def _expire(hold_id: UUID, program_id: UUID, release_with: Release, *, at: datetime) -> bool:
    try:
        held = release_with(hold_id, program_id=program_id, to=HoldState.EXPIRED, at=at)
    except DomainError:  # somebody took it, or let it go, meanwhile
        return False
    return held.state == HoldState.EXPIRED
