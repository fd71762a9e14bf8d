"""What is refused about payouts."""

from audit.errors import DomainError


class PayoutRefused(DomainError):
    """Raised when something can't be done about what leaves the house; each reason has a subclass with its own code."""

    code = "payout_refused"
    status = 422
    message = "This can't be done with the payout."


class UnknownBatch(PayoutRefused):
    """Raised when the program has no such batch."""

    code = "unknown_batch"
    status = 404
    message = "There is no payout batch {batch} in this program."


class UnknownPayout(PayoutRefused):
    """Raised when the program has no such payout."""

    code = "unknown_payout"
    status = 404
    message = "There is no payout {payout} in this program."


class UnknownPayee(PayoutRefused):
    """Raised when somebody is to be paid whom the program does not know."""

    code = "unknown_payee"
    status = 404
    message = "There is nobody to pay called {payee} in this program."


class BatchConflict(PayoutRefused):
    """Raised when a batch's key was used for another batch."""

    code = "batch_conflict"
    status = 409
    message = "The key {key} was used for another batch: {fields} differ."


class BadBatch(PayoutRefused):
    """Raised when a batch makes no sense as it is asked for."""

    code = "bad_batch"
    status = 422
    message = "This batch makes no sense: {reason}."


class BatchIsFrozen(PayoutRefused):
    """Raised when a batch is changed that others look at, have agreed to, or is on its way."""

    code = "batch_is_frozen"
    status = 409
    message = "The batch is {state}: recall it before you change it."


class BatchIsEmpty(PayoutRefused):
    """Raised when a batch is submitted with nothing in it."""

    code = "batch_is_empty"
    status = 409
    message = "There is nothing to pay in this batch. Collect what is due first."


class NothingToPay(PayoutRefused):
    """Raised when somebody is added to a batch who can't be paid."""

    code = "nothing_to_pay"
    status = 409
    message = "{payee} can't be paid now: {reason}"


class PayoutIsOpen(PayoutRefused):
    """Raised when somebody is added to a batch who is in one already."""

    code = "payout_is_open"
    status = 409
    message = "{payee} is paid by batch {batch} already."


class NotEnoughFloat(PayoutRefused):
    """Raised when less is at a rail than a batch would send."""

    code = "not_enough_float"
    status = 409
    message = "There is {there} {asset} at {account}, and this batch would send {asked}."


class RailOutOfUse(PayoutRefused):
    """Raised when something is to be sent through a rail account that is not in use."""

    code = "rail_out_of_use"
    status = 409
    message = "{account} is {state}: nothing can be sent from there."


class BatchChanged(PayoutRefused):
    """Raised when what is in a batch is not what was agreed on."""

    code = "batch_changed"
    status = 409
    message = "What is in the batch is not what was submitted. Nothing is sent: recall it and submit it again."


class ApprovalOver(PayoutRefused):
    """Raised when an approval is used after its time."""

    code = "approval_over"
    status = 409
    message = "The approval was good until {until}. Submit the rest in a new batch."


class MayNotExecute(PayoutRefused):
    """Raised when a batch is executed by somebody who neither submitted nor approved it."""

    code = "may_not_execute"
    status = 403
    message = "Who submitted a batch, or has approved it, may have it sent."


class Stopped(PayoutRefused):
    """Raised when something is to be sent while everything is stopped."""

    code = "payouts_stopped"
    status = 409
    message = "Payouts are stopped since {since}: {reason}"


class NotStopped(PayoutRefused):
    """Raised when payouts are to be started again that run."""

    code = "payouts_not_stopped"
    status = 409
    message = "Payouts are not stopped."


class NotUnknown(PayoutRefused):
    """Raised when somebody says what came of something of which that is known."""

    code = "outcome_is_known"
    status = 409
    message = "What came of {reference} is known: it is {state}."


class BadOutcome(PayoutRefused):
    """Raised when it makes no sense what somebody says came of a payout."""

    code = "bad_outcome"
    status = 422
    message = "This outcome makes no sense: {reason}."


class NoFile(PayoutRefused):
    """Raised when a batch has nothing that goes in a file."""

    code = "no_payout_file"
    status = 409
    message = "There is no bank file of this batch: {reason}."


class DeskIsTaken(PayoutRefused):
    """Raised when somebody else sends from an account at the moment."""

    code = "desk_is_taken"
    status = 409
    message = "Somebody is sending from {account} at this moment. Try again in a minute."


class ReaderHasWritten(PayoutRefused):
    """Raised when whoever wrote a bank file says what came of it: that is for somebody else."""

    code = "reader_has_written"
    status = 403
    message = "You have written {file}. Somebody else reads what came of it."
