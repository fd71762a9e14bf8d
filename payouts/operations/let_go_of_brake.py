"""Start again after a stop."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import record
from payouts.errors import NotStopped
from payouts.models import Brake
from payouts.operations.nudge_sending import nudge_sending


@transaction.atomic
def let_go_of_brake(program_id: UUID, *, reason: str, at: datetime) -> Brake:
    """Let everything be sent again. Two people have agreed to that.

    :raises NotStopped: if nothing is stopped.
    """
    brake = Brake.objects.select_for_update(of=("self",)).filter(program=program_id).first()
    if brake is None or not brake.is_on:
        raise NotStopped
    brake.is_on, brake.reason, brake.changed_at = False, "", at
    brake.save(update_fields=("is_on", "reason", "changed_at"))
    nudge_sending()
    record("payouts.brake.let_go", subject=brake, at=at, program_id=program_id, payload={"reason": reason})
    return brake
