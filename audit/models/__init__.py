"""What audit stores."""

from audit.models.entries import Entry, EntryQuerySet, scope_with
from audit.models.seals import Seal, SealedRow, SealQuerySet

__all__ = ("Entry", "EntryQuerySet", "Seal", "SealQuerySet", "SealedRow", "scope_with")
