"""What is refused about commissions, reports and adjustments."""

from audit.errors import DomainError


class CommissionRefused(DomainError):
    """Raised when something can't be done about what was earned; each reason has a subclass with its own code."""

    code = "commission_refused"
    status = 422
    message = "This can't be done with the commission."


class UnknownCommission(CommissionRefused):
    """Raised when the program has no such commission."""

    code = "unknown_commission"
    status = 404
    message = "There is no commission {commission} in this program."


class NotEarned(CommissionRefused):
    """Raised when a row is voided that puts another right."""

    code = "not_earned"
    status = 409
    message = "Only what was earned can be voided; this row is {type}."


class CommissionAdjustmentNeedsTwo(CommissionRefused):
    """Raised when one person adjusts more than they may alone."""

    code = "commission_adjustment_needs_two"
    status = 409
    message = "{asked} {asset} within a day is more than the {most} that one may adjust alone: propose it."


class AdjustsOneself(CommissionRefused):
    """Raised when somebody adjusts alone what they have earned themselves."""

    code = "adjusts_oneself"
    status = 409
    message = "Nobody adjusts alone what they earn themselves: propose it."


class BadCommissionAdjustment(CommissionRefused):
    """Raised when an adjustment says nothing that could be booked."""

    code = "bad_commission_adjustment"
    status = 422
    message = "This adjustment makes no sense: {reason}."


class AdjustmentConflict(CommissionRefused):
    """Raised when an adjustment's key was used for something else."""

    code = "adjustment_conflict"
    status = 409
    message = "The key {key} was used for another adjustment."


class UnknownReport(CommissionRefused):
    """Raised when the program has no such report."""

    code = "unknown_report"
    status = 404
    message = "There is no report {report} in this program."


class ReportTooLong(CommissionRefused):
    """Raised when a report has more lines than anybody reads on paper."""

    code = "report_too_long"
    status = 422
    message = "The report has {lines} lines; up to {most} are printed. Take the CSV."


class ReportIsFinal(CommissionRefused):
    """Raised when a report is changed that is final."""

    code = "report_is_final"
    status = 409
    message = "The report is {state}: what was sent stays."


class BadPeriod(CommissionRefused):
    """Raised when a report's period ends before it begins, or has not ended."""

    code = "bad_report_period"
    status = 422
    message = "This is no period that can be reported: {reason}."


class RowsUnpaid(CommissionRefused):
    """Raised when a report is taken as paid and rows of it are not."""

    code = "rows_unpaid"
    status = 409
    message = "{count} rows of the report are not paid yet."
