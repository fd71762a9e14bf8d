"""Have a reconciliation run elsewhere."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.models import ReconciliationRun
from audit.operations.begin_run import begin_run
from audit.reconciliation import send_run


@transaction.atomic
def ask_reconciliation(
    *, program_id: UUID | None = None, names: Sequence[str] | None = None, at: datetime
) -> ReconciliationRun:
    """Begin a run, send it to whoever carries runs out, and return it: it is there before anybody looks for it.

    :raises ReconciliationRunning: if one of the same program runs.
    :raises UnknownCheck: if a check is named that does not exist.
    """
    run = begin_run(program_id=program_id, names=names, at=at)
    send_run(run.pk, names)
    return run
