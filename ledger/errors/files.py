"""Why a file is not imported, a statement not issued, or a search ended."""

from ledger.errors.books import PostingRefused


class UnreadableFile(PostingRefused):
    """Raised when a file can't be imported at all: it is empty, has no header of ours, or changed meanwhile."""

    code = "unreadable_import"
    message = "This file can't be imported: {reason}."


class ImportUnderWay(PostingRefused):
    """Raised when another import writes to the same verdicts, or one of another file has not been finished there."""

    code = "import_under_way"
    status = 409
    message = "{file} belongs to another import: {reason}."


class BadLine(PostingRefused):
    """Raised when a line of an import can't be read."""

    code = "bad_import_line"
    message = "This can't be read: {reason}."


class EntriesApart(PostingRefused):
    """Raised when the rows of a transaction are not all there, one after the other, counted from 1."""

    code = "entries_apart"
    message = "The {entries} entries of {key} are not all there, one after the other and counted from 1."


class ReservedKey(PostingRefused):
    """Raised when a file has a key of the kind that only the house itself uses."""

    code = "reserved_posting_key"
    message = "Keys that begin with {prefix} are the house's own: put another beginning before all of them."


class NoMirror(PostingRefused):
    """Raised when a reversal in a file does not give back exactly what it says it takes back."""

    code = "no_mirror"
    message = "This takes nothing back: {reason}."


class PeriodNotOver(PostingRefused):
    """Raised when a statement is to be issued for a period that has not ended, or is none."""

    code = "period_not_over"
    status = 409
    message = "A statement is issued for a period that is over: {reason}."


class StatementTooLong(PostingRefused):
    """Raised when more was booked in a period than a statement on paper holds."""

    code = "statement_too_long"
    message = "More than {most} lines were booked in this period: issue statements of shorter ones."


class SearchTooWide(PostingRefused):
    """Raised when a search would look at more transactions than it may in a few seconds."""

    code = "search_too_wide"
    message = "This search was ended after {seconds} seconds: name a key, an account or fewer days."


class BadSearch(PostingRefused):
    """Raised when what is looked for is nothing that could be found."""

    code = "bad_search"
    message = "This can't be looked for: {reason}."
