"""What is refused about rails, and about what goes through them."""

from wallets.errors.holding import WalletRefused


class RailNeeded(WalletRefused):
    """Raised when money is to be added and no rail is named that has it: only points are issued by the treasury."""

    code = "rail_needed"
    message = "{asset} is not issued by the treasury: name the rail account that received it."


class RailForPoints(WalletRefused):
    """Raised when points are to come from a rail or go to one: no rail has them."""

    code = "rail_for_points"
    message = "{asset} is points, and no rail carries them."


class UnknownRail(WalletRefused):
    """Raised when the program keeps no account at a rail in this asset."""

    code = "unknown_rail"
    message = "This program has no account {rail} for {asset}."


class UnknownRailKind(WalletRefused):
    """Raised when an account is to be kept at a rail that the house does not speak."""

    code = "unknown_rail_kind"
    status = 422
    message = "The house speaks no rail {rail}; it speaks {known}."


class BadRailAccount(WalletRefused):
    """Raised when what is said of a rail account can't be so."""

    code = "bad_rail_account"
    status = 422
    message = "This rail account can't be: {reason}."


class UnknownRailAccount(WalletRefused):
    """Raised when the program has no such rail account."""

    code = "unknown_rail_account"
    status = 404
    message = "There is no rail account {account} in this program."


class RailAccountTaken(WalletRefused):
    """Raised when a program has a rail account of that name, or somebody in the house has that account at the rail."""

    code = "rail_account_taken"
    status = 409
    message = "The {what} is taken by another rail account."


class RailAccountChanged(WalletRefused):
    """Raised when a caller named the version it had seen, and the rail account has changed since."""

    code = "rail_account_changed"
    status = 409
    message = "The rail account has version {version}, and you have seen {seen}: look again."


class RailNeedsTwo(WalletRefused):
    """Raised when one person is to change a rail account that is in use."""

    code = "rail_needs_proposal"
    status = 409
    message = "Only a draft is changed by one person: propose the change, and somebody else votes."


class RailHoldsMoney(WalletRefused):
    """Raised when a rail account is to be closed whose accounts in the books are not all zero."""

    code = "rail_holds_money"
    status = 409
    message = "{account} is not zero: a rail account is closed when nothing is left there."


class NotProven(WalletRefused):
    """Raised when a notice of a rail does not prove that the rail has sent it, or can't be read."""

    code = "notice_not_proven"
    status = 401
    message = "Nothing proves this notice: {reason}."


class UnknownHook(WalletRefused):
    """Raised when something is sent to an address that no rail account has."""

    code = "unknown_hook"
    status = 404
    message = "There is nobody here."


class UnknownRailEvent(WalletRefused):
    """Raised when the program has had no such event of a rail."""

    code = "unknown_rail_event"
    status = 404
    message = "There is no event {event} in this program's inbox."


class SecretUnreadable(WalletRefused):
    """Raised when the secrets of a rail account don't open; ``doctor`` says why."""

    code = "rail_secret_unreadable"
    status = 503
    message = "The secrets of the rail account {account} can't be read at the moment: {reason}."


class BadNotice(WalletRefused):
    """Raised when a proven notice says something that can't be so; it waits in the inbox for a person."""

    code = "bad_notice"
    status = 422
    message = "The notice can't be taken in: {reason}."


class UnknownOutgoing(WalletRefused):
    """Raised when the program has nothing of this id that goes out."""

    code = "unknown_outgoing"
    status = 404
    message = "There is nothing going out called {outgoing} in this program."


class BadPayee(WalletRefused):
    """Raised when nobody can be paid where something is to go."""

    code = "bad_payee"
    status = 422
    message = "Nobody can be paid there: {reason}."


class BadBankFile(WalletRefused):
    """Raised when a file of a bank can't be read, or is not what it says. Nothing of it is taken in."""

    code = "bad_bank_file"
    status = 422
    message = "This file can't be taken in: {reason}."
