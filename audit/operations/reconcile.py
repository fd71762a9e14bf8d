"""Ask every registered question, and keep what does not agree as findings."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from audit.models import ReconciliationRun
from audit.operations.begin_run import begin_run
from audit.operations.carry_out_run import carry_out_run


def reconcile(*, program_id: UUID | None = None, names: Sequence[str] | None = None, at: datetime) -> ReconciliationRun:
    """Run the checks (all, or those named) over one program or all, here and now, and return the run when it has ended.

    Not atomic as a whole: each check commits what it found, so that one that dies takes no other along.

    :raises ReconciliationRunning: if one of the same program runs.
    :raises UnknownCheck: if a check is named that does not exist.
    """
    run = begin_run(program_id=program_id, names=names, at=at)
    return carry_out_run(run.pk, names=names, at=at)
