"""What wallets refuse, beside what the ledger does. Nothing has moved when one of these is raised."""

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


class UnknownPayment(WalletRefused):
    """Raised when the program has no such payment."""

    code = "unknown_payment"
    status = 404
    message = "There is no payment {payment} in this program."


class NotRefundable(WalletRefused):
    """Raised when a payment is to be refunded that is not paid, or was charged back."""

    code = "not_refundable"
    status = 409
    message = "The payment is {state}: there is nothing to refund."


class RefundTooLarge(WalletRefused):
    """Raised when all refunds together would be more than was paid."""

    code = "refund_too_large"
    status = 409
    message = "{paid} was paid and {refunded} refunded: {asked} is more than the {left} that are left."


class NotChargeable(WalletRefused):
    """Raised when a payment is to be charged back that no rail has carried, or that has nothing left."""

    code = "not_chargeable"
    status = 409
    message = "This payment can't be charged back: {reason}."


class NotDirect(WalletRefused):
    """Raised when a payment is to be proven or given up that was paid from a wallet."""

    code = "payment_not_direct"
    status = 409
    message = "This payment was made from a wallet: no rail has to prove it."


class ReceiptUsed(WalletRefused):
    """Raised when a receipt proves another payment already, or another receipt proves this one."""

    code = "receipt_used"
    status = 409
    message = "{receipt} can't prove this payment: a receipt proves one payment, and a payment has one."


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
