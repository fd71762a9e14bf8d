"""Why a second factor is not reset."""

from audit.errors import DomainError


class NotAMember(DomainError):
    """Raised when the person whose second factor is to be reset is nobody of the program."""

    code = "not_a_member"
    status = 422
    message = "Nobody in {program} signs in with this address."


class HouseDecides(DomainError):
    """Raised when a program would reset the second factor of somebody whose account opens more than that program."""

    code = "house_decides"
    status = 409
    message = "This account opens more than {program}, so the owners of the house decide: propose it in the house."


class NoSecondFactor(DomainError):
    """Raised when the second factor of somebody who has none is to be reset."""

    code = "no_second_factor"
    status = 409
    message = "{person} has no second factor."
