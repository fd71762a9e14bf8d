"""Background work of the journal."""

from collections.abc import Sequence
from uuid import UUID

from django.utils import timezone

from audit import operations


def seal() -> int:
    """Seal what was written since the last time, and return how many seals that took."""
    return len(operations.seal(at=timezone.now()))


def carry_out_run(run_id: str, names: Sequence[str] | None = None) -> str:
    """Ask what a reconciliation run is to ask, and return how it ended."""
    return operations.carry_out_run(UUID(run_id), names=names, at=timezone.now()).state


def end_dead_runs() -> int:
    """End runs that nobody carries out any more."""
    return operations.end_dead_runs(at=timezone.now())
