"""What audit does: it records, lets nothing change its state unrecorded, and seals what was recorded."""

from audit.operations.accept_loss import accept_loss
from audit.operations.anchor import anchor
from audit.operations.follow import follow
from audit.operations.record import record
from audit.operations.seal import seal

__all__ = ("accept_loss", "anchor", "follow", "record", "seal")
