"""The journal and its seals as windows, and the base of every window of the house."""

from audit.admin.journal import EntryAdmin
from audit.admin.reconciliation import FindingAdmin, RunAdmin
from audit.admin.seals import SealAdmin
from audit.admin.windows import LABELS, RecordedAdmin, as_json, column, instant, journal_lines, reference, tie, whole_id

__all__ = (
    "LABELS",
    "EntryAdmin",
    "FindingAdmin",
    "RecordedAdmin",
    "RunAdmin",
    "SealAdmin",
    "as_json",
    "column",
    "instant",
    "journal_lines",
    "reference",
    "tie",
    "whole_id",
)
