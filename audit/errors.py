"""What every refusal of the house is made of.

A refusal is something the caller can act on: it has a code for programs, a sentence for people, the parameters of
that sentence, and an HTTP status. A fault of the world or a bug is never a DomainError.
"""

from typing import Any, ClassVar


class DomainError(Exception):
    """Base of every refusal: a subclass names what is wrong."""

    code: ClassVar[str]
    status: ClassVar[int]
    message: ClassVar[str]  # a template over the parameters

    def __init__(self, **params: Any) -> None:
        self.params = params
        super().__init__(self.message.format_map(params))

    def __str__(self) -> str:
        return self.message.format_map(self.params)


class WrongState(DomainError):
    """Raised when something is not in a state from which it can go where it was asked to go."""

    code = "wrong_state"
    status = 409
    message = "This {subject} is {state} and can't become {wanted}."


class ReconciliationRunning(DomainError):
    """Raised when a reconciliation is asked for while one of the same program runs."""

    code = "reconciliation_running"
    status = 409
    message = "A reconciliation is running since {since}. Its result will be the newest there is."


class UnknownCheck(DomainError):
    """Raised when a check is asked for that nobody has registered."""

    code = "unknown_check"
    status = 422
    message = "There is no check called {name}."


class NothingLost(DomainError):
    """Raised when the loss of seals is to be accepted and the anchor file holds none that the database lacks."""

    code = "nothing_lost"
    status = 409
    message = "The anchor file and the database agree: there is no loss to accept."
