"""What audit does: it records."""

from audit.operations.record import record

__all__ = ("record",)
