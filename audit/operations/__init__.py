"""What audit does: it records, lets nothing change its state unrecorded, and asks what does not agree."""

from audit.operations.assign_finding import assign_finding
from audit.operations.follow import follow
from audit.operations.reconcile import reconcile
from audit.operations.record import record
from audit.operations.settle_finding import settle_finding

__all__ = ("assign_finding", "follow", "reconcile", "record", "settle_finding")
