"""Say how a reconciliation run ended."""

from datetime import datetime

from django.db import transaction

from audit.models import ReconciliationRun
from audit.operations.follow import follow
from audit.states import RUN_TRANSITIONS, RunState


@transaction.atomic
def end_run(run: ReconciliationRun, state: RunState, *, at: datetime) -> ReconciliationRun:
    """Move ``run`` to the state in which it stays.

    :raises WrongState: if it has ended already.
    """
    ReconciliationRun.objects.filter(pk=run.pk).update(finished_at=at)
    run.finished_at = at
    return follow(RUN_TRANSITIONS, run, to=state, at=at, program_id=run.program_id)
