"""What the ledger refuses. Nothing was written when one of these is raised."""

from audit.errors import DomainError


class PostingRefused(DomainError):
    """Raised when a posting is refused; each reason has a subclass with a code of its own."""

    code = "posting_refused"
    status = 422
    message = "This can't be booked."


class IdempotencyConflict(PostingRefused):
    """Raised when a key was used before for something else."""

    code = "posting_key_conflict"
    status = 409
    message = "{key} was booked already, and differs in: {fields}."


class UnknownAsset(PostingRefused):
    """Raised when there is no asset with this code."""

    code = "unknown_asset"
    message = "There is no asset called {asset}."


class AssetExists(PostingRefused):
    """Raised when an asset is defined again with other properties."""

    code = "asset_exists"
    status = 409
    message = "{asset} exists already and differs in: {fields}."


class BadAsset(PostingRefused):
    """Raised when an asset's properties make no sense."""

    code = "bad_asset"
    message = "{asset} can't be: {reason}."


class UnknownAccount(PostingRefused):
    """Raised when an account does not exist, or belongs to another program."""

    code = "unknown_account"
    message = "There is no account {account} in this program."


class BadAccountCode(PostingRefused):
    """Raised when a code has the form of no account in the chart."""

    code = "bad_account_code"
    message = "{account} has the form of no account in the chart."


class NotForThisAsset(PostingRefused):
    """Raised when an account is opened in an asset that it can't be kept in."""

    code = "not_for_this_asset"
    message = "{account} is kept in points only, and {asset} is none."


class UnknownKind(PostingRefused):
    """Raised when there is no such kind of transaction."""

    code = "unknown_posting_kind"
    message = "There is no kind of transaction called {kind}."


class IllegalPosting(PostingRefused):
    """Raised when a kind does not debit such an account against such another."""

    code = "illegal_posting"
    message = "{kind} does not debit {debit} and credit {credit}."


class AssetsDiffer(PostingRefused):
    """Raised when debit and credit are accounts of different assets."""

    code = "assets_differ"
    message = "{debit} and {credit} are kept in different assets."


class SameAccount(PostingRefused):
    """Raised when debit and credit are the same account."""

    code = "same_account"
    message = "{account} can't be debited and credited with the same amount."


class BadAmount(PostingRefused):
    """Raised when an amount is no number above zero that the books can hold."""

    code = "bad_amount"
    message = "{amount} is no amount above zero."


class TooFine(PostingRefused):
    """Raised when an amount is finer than its asset."""

    code = "amount_too_fine"
    message = "{amount} is finer than {asset}, which has {scale} decimal places."


class BelowFloor(PostingRefused):
    """Raised when an account would be taken below its floor."""

    code = "insufficient_funds"
    status = 409
    message = "{account} has {available}, and {asked} is more than can be taken."


class AccountFrozen(PostingRefused):
    """Raised when the owner of a frozen account would take from it."""

    code = "account_frozen"
    status = 409
    message = "{account} is frozen: nothing is taken from it."


class AccountClosed(PostingRefused):
    """Raised when an account is closed."""

    code = "account_closed"
    status = 409
    message = "{account} is closed."


class AccountNotEmpty(PostingRefused):
    """Raised when an account is to be closed that still has a balance."""

    code = "account_not_empty"
    status = 409
    message = "{account} has {balance}; only an empty account can be closed."


class ProgramRefusesPosting(PostingRefused):
    """Raised when the program's status does not allow such a posting."""

    code = "program_refuses_posting"
    status = 409
    message = "The program is {status}, and {kind} needs it to be {needed}."


class PayoutsDoNotPass(PostingRefused):
    """Raised when a transaction would leave something in the account that payouts only pass through."""

    code = "payouts_do_not_pass"
    message = "{account} must be zero after every transaction, and this would leave {left}."


class WithheldAlone(PostingRefused):
    """Raised when tax would be withheld from somebody, or given back, and nothing paid or returned with it."""

    code = "withheld_alone"
    message = "{account} takes and gives only together with what is paid or returned."


class TooManyEntries(PostingRefused):
    """Raised when a transaction has no entries, or too many."""

    code = "too_many_entries"
    message = "A transaction has 1 to {most} entries, and this has {count}."


class TooLong(PostingRefused):
    """Raised when a key, memo or metadata is too long, or a key is empty."""

    code = "posting_too_long"
    message = "{field} has at most {most} {unit}, and at least one where it is needed."


class BadText(PostingRefused):
    """Raised when a key, memo or metadata holds what can't be stored: half a character, a NUL, or no JSON."""

    code = "bad_posting_text"
    message = "{field} holds what can't be stored as text."


class UnknownTransaction(PostingRefused):
    """Raised when there is no such transaction in the program."""

    code = "unknown_transaction"
    status = 404
    message = "There is no transaction {transaction} in this program."


class PeriodClosed(PostingRefused):
    """Raised when something is to count in a period whose books are closed."""

    code = "period_closed"
    status = 409
    message = "The books are closed up to {until}: nothing more counts before."


class BadPeriod(PostingRefused):
    """Raised when a period can't be closed, or opened again, as asked."""

    code = "bad_period"
    status = 409
    message = "That period can't be changed so: {reason}."


class PostersStillRun(PostingRefused):
    """Raised when a transaction that began before the period was closing has not ended in time."""

    code = "posters_still_run"
    status = 503
    message = "Somebody has been booking for {seconds} seconds. Nothing more books there; ask again to finish closing."


class BadManualJournal(PostingRefused):
    """Raised when what is to be booked by hand makes no sense."""

    code = "bad_manual_journal"
    message = "That is nothing to book by hand: {reason}."


class UnknownHold(PostingRefused):
    """Raised when the program has no such hold."""

    code = "unknown_hold"
    status = 404
    message = "There is no hold {hold} in this program."


class HoldTooSmall(PostingRefused):
    """Raised when more is to be captured than is still held."""

    code = "hold_too_small"
    status = 409
    message = "{left} is still held, and {amount} is more."


class NotAWallet(PostingRefused):
    """Raised when something is to be held in an account that is no wallet."""

    code = "not_a_wallet"
    message = "{account} is no wallet: nothing is held in it."


class AlreadyReversed(PostingRefused):
    """Raised when a transaction was reversed before, or is a reversal itself."""

    code = "already_reversed"
    status = 409
    message = "{transaction} can't be reversed: {reason}."
