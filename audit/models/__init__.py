"""What audit stores."""

from audit.models.entries import Entry, EntryQuerySet, scope_with

__all__ = ("Entry", "EntryQuerySet", "scope_with")
