"""Let go of holds whose time is over."""

from datetime import datetime

from audit.errors import DomainError
from ledger.models import Hold
from ledger.operations.release import release
from ledger.states import HoldState


def expire_holds(*, at: datetime) -> int:
    """Release every open hold whose time is over, each in a transaction of its own, and return how many there were."""
    due = Hold.objects.filter(state=HoldState.OPEN, expires_at__lte=at).values_list("pk", "program_id")
    return sum(_expire(hold_id, program_id, at=at) for hold_id, program_id in list(due[:10_000]))


def _expire(hold_id: object, program_id: object, *, at: datetime) -> bool:
    try:
        held = release(hold_id, program_id=program_id, to=HoldState.EXPIRED, at=at)  # type: ignore[arg-type]
    except DomainError:  # somebody took it, or let it go, meanwhile
        return False
    return held.state == HoldState.EXPIRED
