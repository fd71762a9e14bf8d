"""What may be done only by somebody who has just shown a second factor."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from allauth.account.authentication import get_authentication_records

from identity.callers import PersonCaller
from identity.doors.refusals import caller_of
from identity.errors import SecondFactorRequired

FRESH: Final = timedelta(minutes=5)


def second_factor_age(request: Any, *, at: datetime) -> timedelta | None:
    """Return how long ago the caller showed a second factor, in this session or for this token.

    None if they never did. Keys and the service have none to show.
    """
    caller = caller_of(request)
    if not isinstance(caller, PersonCaller):
        return None
    if caller.family is not None:
        return None if caller.stepped_up_at is None else at - caller.stepped_up_at
    shown = [
        datetime.fromtimestamp(said["at"], tz=UTC)
        for said in get_authentication_records(request, caller.user)
        if said.get("method") == "mfa"
    ]
    return at - max(shown) if shown else None


def require_second_factor(request: Any, *, at: datetime) -> None:
    """Let only those pass who showed a second factor in the last five minutes.

    :raises SecondFactorRequired: if the caller did not, or can't.
    """
    age = second_factor_age(request, at=at)
    if age is None or age > FRESH:
        raise SecondFactorRequired(minutes=int(FRESH.total_seconds() // 60))
