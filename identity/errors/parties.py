"""Why a party is refused."""

from audit.errors import DomainError


class PartyTaken(DomainError):
    """Raised when a person or an external reference belongs to another party of the program already."""

    code = "party_taken"
    status = 409
    message = "Another party of this program has {what} already."


class PartyMakesNoSense(DomainError):
    """Raised when a party has no name, or a name or a reference that can't be printed on one line."""

    code = "party_makes_no_sense"
    status = 422
    message = "The {field} {reason}."
