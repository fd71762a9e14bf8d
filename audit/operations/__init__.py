"""What audit does: it records, and it lets nothing change its state unrecorded."""

from audit.operations.follow import follow
from audit.operations.record import record

__all__ = ("follow", "record")
