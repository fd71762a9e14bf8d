"""Open a program's books again."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import follow
from ledger.errors import BadPeriod
from ledger.models import Period
from ledger.states import PERIOD_TRANSITIONS, PeriodState


@transaction.atomic
def reopen_period(period_id: UUID, *, program_id: UUID, at: datetime) -> Period:
    """Open the last closed period again: two people have agreed (``ledger.proposable``).

    :raises BadPeriod: if it is none of the program's, or not the last one that is closed.
    """
    period = Period.objects.locked().filter(pk=period_id, program=program_id).first()
    last = Period.objects.standing().filter(program=program_id).first()
    if period is None or last is None or last.pk != period.pk:
        raise BadPeriod(reason="only the last closed period can be opened again")

    return follow(PERIOD_TRANSITIONS, period, to=PeriodState.REOPENED, at=at, program_id=program_id)
