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
        super().__init__(str(self))

    def __str__(self) -> str:
        said = {name: ", ".join(map(str, it)) if isinstance(it, list) else it for name, it in self.params.items()}
        return self.message.format_map(said)


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


class UrlUnusable(DomainError):
    """Raised when an address that is to be called is none of a web server, or could be read in two ways."""

    code = "url_unusable"
    status = 422
    message = "This address can't be called: {reason}."


class CredentialsInUrl(DomainError):
    """Raised when an address that is to be called holds a name or a password, which would end up in logs."""

    code = "credentials_in_url"
    status = 422
    message = "This address holds a name or a password. Give the address without them."


class HeaderUnusable(DomainError):
    """Raised when a header that is to be sent with a call holds a line break or another character that none may."""

    code = "header_unusable"
    status = 422
    message = "The header {name} can't be sent: it holds a character that headers may not."


class NotEncrypted(DomainError):
    """Raised when an address that is to be called does not begin with https:// and configuration does not allow it."""

    code = "url_not_encrypted"
    status = 422
    message = "{host} is called over https only."


class NotPublic(DomainError):
    """Raised when a host that is to be called leads to an address that is not on the public internet."""

    code = "host_not_public"
    status = 422
    message = "{host} is not on the public internet, so it is not called."


class HostNotAllowed(DomainError):
    """Raised when a call that may only go to certain hosts is to go to another."""

    code = "host_not_allowed"
    status = 422
    message = "{host} is not one of the hosts that may be called here."


class TooManyRedirects(DomainError):
    """Raised when a host that is called sends the caller on more often than is followed."""

    code = "too_many_redirects"
    status = 502
    message = "{host} redirects more than {allowed} times."


class AnswerTooLarge(DomainError):
    """Raised when a host that is called answers with more than is read, once unpacked."""

    code = "answer_too_large"
    status = 502
    message = "{host} answers with more than {allowed} bytes."
