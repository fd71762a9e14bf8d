"""End runs that nobody carries out any more."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from audit.models import ReconciliationRun
from audit.operations.end_run import end_run
from audit.states import RunState

# A task that dies is handed out again and goes on with its run; what has not ended by then never will.
DEAD_AFTER: Final = timedelta(hours=6)


def end_dead_runs(*, at: datetime) -> int:
    """Say of each run that began long ago and has not ended that it could not run, and return how many there were."""
    old = ReconciliationRun.objects.filter(state=RunState.RUNNING, started_at__lt=at - DEAD_AFTER)
    return sum(_end(run_id, at=at) for run_id in list(old.values_list("pk", flat=True)))


@transaction.atomic
def _end(run_id: UUID, *, at: datetime) -> bool:
    run = ReconciliationRun.objects.locked().filter(pk=run_id, state=RunState.RUNNING).first()
    if run is not None:
        end_run(run, RunState.ERROR, at=at)
    return run is not None
