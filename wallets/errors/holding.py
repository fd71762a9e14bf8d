"""What is refused about wallets."""

from audit.errors import DomainError


class WalletRefused(DomainError):
    """Raised when something can't be done with a wallet or a payment; each reason has a subclass with its own code."""

    code = "wallet_refused"
    status = 422
    message = "This can't be done with the wallet."


class UnknownWallet(WalletRefused):
    """Raised when the program has no such wallet."""

    code = "unknown_wallet"
    status = 404
    message = "There is no wallet {wallet} in this program."


class NoWallet(WalletRefused):
    """Raised when somebody has no wallet in the asset."""

    code = "no_wallet"
    status = 404
    message = "There is no wallet in {asset} here: it has to be opened first."


class UnknownParty(WalletRefused):
    """Raised when a wallet is opened, or a payment made, for somebody whom the program does not know."""

    code = "unknown_party"
    status = 404
    message = "There is no party {party} in this program."


class NoPartyHere(WalletRefused):
    """Raised when somebody would pay in a program that keeps no account for them yet."""

    code = "no_party_here"
    status = 404
    message = "You have no account in {program} yet: ask to have one opened."


class PartyIsClosed(WalletRefused):
    """Raised when a wallet is to be opened for somebody with whom the program has nothing to do any more."""

    code = "party_closed"
    status = 409
    message = "{party} is closed: no wallet is opened for it."


class WalletChanged(WalletRefused):
    """Raised when a caller named the version it had seen, and the wallet has changed since."""

    code = "wallet_changed"
    status = 409
    message = "The wallet has version {version}, and you have seen {seen}: look again."


class WalletIsClosed(WalletRefused):
    """Raised when something is to be done with a wallet that is closed for good."""

    code = "wallet_closed"
    status = 409
    message = "The wallet is closed."


class WalletNotEmpty(WalletRefused):
    """Raised when a wallet is to be closed in which something is left, held or owed."""

    code = "wallet_not_empty"
    status = 409
    message = "Only an empty wallet can be closed: {available} is available, {reserved} held and {owed} owed."


class TransferToSelf(WalletRefused):
    """Raised when a wallet would transfer to itself."""

    code = "transfer_to_self"
    message = "A wallet can't transfer to itself."


class NotAPayee(WalletRefused):
    """Raised when somebody would be paid who can't be: no such account, or one of a kind that payments don't go to."""

    code = "not_a_payee"
    message = "{payee} is nobody in this program who can be paid in {asset}."


class NoRecipient(WalletRefused):
    """Raised when somebody would receive a transfer who can't, or whom nobody knows: the words are the same."""

    code = "no_recipient"
    message = "Nobody here who can receive {asset} goes by {recipient}."


class TooManyMisses(WalletRefused):
    """Raised when somebody has named too many who can't receive: lists of addresses are not tried out here."""

    code = "too_many_misses"
    status = 429
    message = "Too many were named who can't receive: ask them for the address of their wallet, and try later."


class TooManyStatements(WalletRefused):
    """Raised when more statements of a wallet would be issued within a day than anybody reads."""

    code = "too_many_statements"
    status = 429
    message = "{most} statements of this wallet were issued within a day: those that are there can be taken again."


class AdjustmentNeedsTwo(WalletRefused):
    """Raised when one person would adjust more, within a day, than the program lets one alone."""

    code = "adjustment_needs_two"
    status = 409
    message = "With this, {asked} {asset} would be adjusted within a day, and one alone may adjust {most}: propose it."


class NoReason(WalletRefused):
    """Raised when an adjustment, a freeze or the like does not say why."""

    code = "wallet_reason_needed"
    message = "Say why."


class BadAdjustment(WalletRefused):
    """Raised when a proposed adjustment makes no sense."""

    code = "bad_adjustment"
    message = "That is no adjustment: {reason}."
