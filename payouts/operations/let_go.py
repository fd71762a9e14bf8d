"""Let one attempt go: the last look before a rail is called."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from payouts.models import Attempt, Desk
from payouts.operations.lease_desk import holds_desk
from payouts.operations.require_running import require_running
from payouts.states import AttemptState


@transaction.atomic
def let_go(attempt_id: UUID, *, program_id: UUID, account_id: UUID, holder: str, at: datetime) -> bool:
    """Note that the rail is called now. False when it must not be: it was called before, or somebody else sends here.

    Once this is committed the rail may have heard of it, whatever becomes of us.

    :raises Stopped: if everything is stopped.
    """
    require_running(program_id)
    desk = Desk.objects.locked().get(pk=account_id)
    if not holds_desk(desk, holder=holder, at=at):
        return False
    waiting = Attempt.objects.filter(pk=attempt_id, state=AttemptState.STORED, called_at=None)
    return waiting.update(called_at=at) == 1
