"""Why a person, a program or a role is refused."""

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


class ProfileMakesNoSense(DomainError):
    """Raised when somebody's name can't be printed on one line, or their phone is no international number."""

    code = "profile_makes_no_sense"
    status = 422
    message = "The {field} {reason}."


class UnknownTimeZone(DomainError):
    """Raised when a time zone is not one of the IANA database."""

    code = "unknown_time_zone"
    status = 422
    message = "There is no time zone called {time_zone}."


class HouseHasOwners(DomainError):
    """Raised when a command would make a further owner of a house that has the two who can vote for one."""

    code = "house_has_owners"
    status = 409
    message = "The house has two owners already. Further owners are proposed and agreed on by two people."


class UnknownPerson(DomainError):
    """Raised when nobody who is active signs in with the address that was named."""

    code = "unknown_person"
    status = 422
    message = "Nobody signs in with this address. They sign up first."


class UnknownRole(DomainError):
    """Raised when a role is named that does not exist."""

    code = "unknown_role"
    status = 422
    message = "There is no role called {role}."


class LastOwner(DomainError):
    """Raised when taking a role away would leave a program without an owner."""

    code = "last_owner"
    status = 409
    message = "This is the last owner of {program}. Somebody else must own it first."
