"""What audit stores."""

from audit.models.entries import Entry, EntryQuerySet, scope_with
from audit.models.reconciliation import (
    CheckResult,
    Finding,
    FindingQuerySet,
    ReconciliationRun,
    RunQuerySet,
    scope_reconciliation_with,
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
    "scope_reconciliation_with",
    "scope_with",
)
