"""Begin a reconciliation run."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from audit import context
from audit.errors import ReconciliationRunning
from audit.models import ReconciliationRun
from audit.operations.end_dead_runs import end_dead_runs
from audit.operations.record import record
from audit.reconciliation import chosen_checks
from audit.states import RunState


@transaction.atomic
def begin_run(*, program_id: UUID | None, names: Sequence[str] | None = None, at: datetime) -> ReconciliationRun:
    """Return a run that is RUNNING; whoever begins it sees to it that it is carried out.

    :raises ReconciliationRunning: if one of the same program runs.
    :raises UnknownCheck: if a check is named that does not exist.
    """
    chosen_checks(names)
    end_dead_runs(at=at)
    now = context.current()
    try:
        with transaction.atomic():
            run = ReconciliationRun.objects.create(
                program_id=program_id,
                started_at=at,
                asked_by=f"{now.actor.type}:{now.actor.id}",
                correlation_id=now.correlation_id,
            )
    except IntegrityError as running:
        other = ReconciliationRun.objects.filter(program_id=program_id, state=RunState.RUNNING).first()
        raise ReconciliationRunning(since=other.started_at.isoformat() if other else "just now") from running

    record("audit.run.started", subject=run, at=at, program_id=program_id)
    return run
