"""What audit stores."""

from audit.models.entries import Entry, EntryQuerySet
from audit.models.reconciliation import (
    CheckResult,
    Finding,
    FindingQuerySet,
    ReconciliationRun,
    RunQuerySet,
)
from audit.models.seals import Seal, SealedRow, SealQuerySet

__all__ = (
    "CheckResult",
    "Entry",
    "EntryQuerySet",
    "Finding",
    "FindingQuerySet",
    "ReconciliationRun",
    "RunQuerySet",
    "Seal",
    "SealQuerySet",
    "SealedRow",
)
