"""Change what a person is called, and how pages show them the time."""

import re
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import available_timezones

from django.db import transaction

from audit.operations import record
from identity.errors import ProfileMakesNoSense, UnknownTimeZone
from identity.models import User
from identity.values import NotAValue, Text

_NAME: Final = Text(longest=120)
# E.164: a country's code and at most fifteen digits in all; people group them as they like.
_PHONE: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_GROUPED: Final = str.maketrans("", "", " -./()\N{NO-BREAK SPACE}")


@transaction.atomic
def change_user(
    user_id: UUID, *, name: str | None = None, phone: str | None = None, time_zone: str | None = None, at: datetime
) -> User:
    """Change what is given and differs; what changes nothing is not recorded. Name and phone may be empty.

    :raises ProfileMakesNoSense: if the name can't be printed on one line, or the phone is no international number.
    :raises UnknownTimeZone: if the time zone does not exist.
    """
    wanted = {
        "name": None if name is None else _read_name(name),
        "phone": None if phone is None else _read_phone(phone),
        "time_zone": time_zone,
    }
    if time_zone is not None and time_zone not in available_timezones():
        raise UnknownTimeZone(time_zone=time_zone)
    user: User = User.objects.select_for_update(no_key=True, of=("self",)).get(pk=user_id)

    changed = [field for field, value in wanted.items() if value is not None and value != getattr(user, field)]
    if not changed:
        return user
    for field in changed:
        setattr(user, field, wanted[field])
    user.save(update_fields=changed)

    # What they are called and how they are reached is personal; the journal says only that it changed.
    record("identity.user.changed", subject=user, at=at, payload={"changed": changed})
    return user


def _read_name(sent: str) -> str:
    try:
        return str(_NAME.read(sent)) if sent.strip() else ""
    except NotAValue as no:
        raise ProfileMakesNoSense(field="name", reason=str(no)) from None


def _read_phone(sent: str) -> str:
    number = sent.translate(_GROUPED)
    if number and not _PHONE.fullmatch(number):
        raise ProfileMakesNoSense(field="phone", reason="is a number with its country, such as +254 712 345678")
    return number
