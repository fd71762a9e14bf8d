"""What every door of the API stands on: who calls, whether they may, in which program, and only once."""

from identity.doors.idempotency import idempotent
from identity.doors.owned import OwnedDoor
from identity.doors.permissions import Door, HasPermission, InProgram
from identity.doors.refusals import caller_of, note_missed, refusals_noted
from identity.doors.second_factor import require_second_factor, second_factor_age

__all__ = (
    "Door",
    "HasPermission",
    "InProgram",
    "OwnedDoor",
    "caller_of",
    "idempotent",
    "note_missed",
    "refusals_noted",
    "require_second_factor",
    "second_factor_age",
)
