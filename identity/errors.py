"""Why identity says no."""

from audit.errors import DomainError


class SlugTaken(DomainError):
    """Raised when another program already has the slug."""

    code = "slug_taken"
    status = 409
    message = "A program with the slug {slug} exists already."


class EmailTaken(DomainError):
    """Raised when another person already signs in with the address."""

    code = "email_taken"
    status = 409
    message = "Somebody signs in with {email} already."


class MembershipExists(DomainError):
    """Raised when the person already has the role in the program."""

    code = "membership_exists"
    status = 409
    message = "This person is already {role} in {program}."


class UnknownTimeZone(DomainError):
    """Raised when a time zone is not one of the IANA database."""

    code = "unknown_time_zone"
    status = 422
    message = "There is no time zone called {time_zone}."


class HouseHasOwner(DomainError):
    """Raised when somebody would become the first owner of a house that has one."""

    code = "house_has_owner"
    status = 409
    message = "The house has an owner already. Further owners are proposed and agreed on by two people."
