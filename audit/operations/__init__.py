"""What audit does: it records, seals what was recorded, and asks what does not agree."""

from audit.operations.accept_loss import accept_loss
from audit.operations.anchor import anchor
from audit.operations.ask_reconciliation import ask_reconciliation
from audit.operations.assign_finding import assign_finding
from audit.operations.begin_run import begin_run
from audit.operations.carry_out_run import carry_out_run
from audit.operations.end_dead_runs import end_dead_runs
from audit.operations.end_run import end_run
from audit.operations.follow import follow
from audit.operations.follow_all import follow_all
from audit.operations.follow_many import follow_many
from audit.operations.reconcile import reconcile
from audit.operations.record import record
from audit.operations.record_many import record_many
from audit.operations.seal import seal
from audit.operations.settle_finding import settle_finding

__all__ = (
    "accept_loss",
    "anchor",
    "ask_reconciliation",
    "assign_finding",
    "begin_run",
    "carry_out_run",
    "end_dead_runs",
    "end_run",
    "follow",
    "follow_all",
    "follow_many",
    "reconcile",
    "record",
    "record_many",
    "seal",
    "settle_finding",
)
