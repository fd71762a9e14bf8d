"""What is refused about withdrawals. Nothing was held, or what was held still is, when one of these is raised."""

from wallets.errors.holding import WalletRefused


class UnknownWithdrawal(WalletRefused):
    """Raised when the program has no such withdrawal."""

    code = "unknown_withdrawal"
    status = 404
    message = "There is no withdrawal {withdrawal} in this program."


class NoWayOut(WalletRefused):
    """Raised when a program sends an asset to no destination of a kind."""

    code = "no_way_out"
    status = 422
    message = "{asset} can't be sent from here to: {kind}."


class BadWithdrawal(WalletRefused):
    """Raised when an amount can't be taken out: the rail or the program does not let it."""

    code = "bad_withdrawal"
    status = 422
    message = "{asked} {asset} can't be taken out: {reason}."


class WithdrawalInBatch(WalletRefused):
    """Raised when a withdrawal is stopped that a batch pays which others look at, or have agreed to."""

    code = "withdrawal_in_batch"
    status = 409
    message = "The withdrawal is being paid out: it can't be stopped any more."


class OwnWithdrawal(WalletRefused):
    """Raised when somebody approves money that they take out themselves."""

    code = "own_withdrawal"
    status = 403
    message = "This is your own withdrawal. Somebody else approves it."


class HeldForWithdrawal(WalletRefused):
    """Raised when a hold is taken, or let go, that belongs to a withdrawal."""

    code = "held_for_withdrawal"
    status = 409
    message = "This is held for withdrawal {withdrawal}: cancel or reject that instead."
