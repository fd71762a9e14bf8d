"""What audit does: it records, seals what was recorded, and asks what does not agree."""

from audit.operations.accept_loss import accept_loss
from audit.operations.anchor import anchor
from audit.operations.assign_finding import assign_finding
from audit.operations.follow import follow
from audit.operations.reconcile import reconcile
from audit.operations.record import record
from audit.operations.seal import seal
from audit.operations.settle_finding import settle_finding

__all__ = (
    "accept_loss",
    "anchor",
    "assign_finding",
    "follow",
    "reconcile",
    "record",
    "seal",
    "settle_finding",
)
