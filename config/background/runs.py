"""Reconciliation runs are carried out by the reconciler queue, whoever asks for them."""

from collections.abc import Sequence
from uuid import UUID

from django_q.tasks import async_task


def send_run(run_id: UUID, names: Sequence[str] | None) -> None:
    """Send a run; in a transaction, it is sent when that commits."""
    asked = None if names is None else list(names)
    async_task("audit.tasks.carry_out_run", str(run_id), asked, cluster="reconciler")
