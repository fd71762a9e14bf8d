"""Let payout methods be used that have cooled."""

from datetime import datetime

from django.db import transaction

from affiliates.models import PayoutMethod
from affiliates.states import METHOD_TRANSITIONS, MethodState
from audit.operations import follow_many
from audit.operations.follow_many import Step


@transaction.atomic
def cool_methods(*, at: datetime, most: int = 1_000) -> int:
    """Return how many can be used from now on."""
    rows = (
        PayoutMethod.objects.select_for_update(no_key=True, of=("self",), skip_locked=True)
        .filter(state=MethodState.VERIFIED, usable_at__lte=at)
        .order_by("usable_at")
        .values_list("pk", "program")[:most]
    )
    steps = [
        Step(pk=pk, source=MethodState.VERIFIED, to=MethodState.USABLE, program_id=program_id)
        for pk, program_id in rows
    ]
    follow_many(METHOD_TRANSITIONS, steps, at=at)
    return len(steps)
