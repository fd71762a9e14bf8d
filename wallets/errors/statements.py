"""What is refused about the statements of rails. A statement is taken in whole or not at all."""

from wallets.errors.holding import WalletRefused


class UnreadableStatement(WalletRefused):
    """Raised when a rail's statement is empty, is no text, or has a line that says nothing; it names the line."""

    code = "statement_unreadable"
    status = 422
    message = "The statement can't be read at line {line}: {reason}."


class StatementTooLarge(WalletRefused):
    """Raised when a rail's statement has more bytes or lines than are taken in one go: bring it in parts."""

    code = "statement_too_large"
    status = 413
    message = "The statement has more than {most}: bring it in parts."


class StatementDoesNotAddUp(WalletRefused):
    """Raised when the balances of a rail's statement do not follow from its amounts, so that a line is missing."""

    code = "statement_does_not_add_up"
    status = 422
    message = "At line {line} the statement says that {said} is there, and its lines come to {counted}."


class StatementOfAnotherAsset(WalletRefused):
    """Raised when a rail's statement is of an asset that the rail account does not have."""

    code = "statement_of_another_asset"
    status = 422
    message = "The statement is of {asset}, and the rail account has {assets}."


class StatementContradicts(WalletRefused):
    """Raised when a rail's statement says something else of a time, or of a balance, than an earlier one does."""

    code = "statement_contradicts"
    status = 409
    message = "An earlier statement says otherwise: {reason}."


class UnknownStatement(WalletRefused):
    """Raised when the program has no such statement of a rail."""

    code = "unknown_rail_statement"
    status = 404
    message = "There is no statement {statement} in this program."
