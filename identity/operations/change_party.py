"""Change what a party is called."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from audit.operations import record
from identity.errors import PartyMakesNoSense, PartyTaken
from identity.models import Party, User
from identity.states import PartyKind
from identity.values import NotAValue, Text

_LINE = Text(longest=200)


@transaction.atomic
def change_party(
    party_id: UUID,
    *,
    kind: PartyKind | None = None,
    name: str | None = None,
    external_reference: str | None = None,
    user: User | None = None,
    at: datetime,
) -> Party:
    """Change what is given and differs; what changes nothing is not recorded. Who signs in for it is said once.

    :raises PartyMakesNoSense: if name or reference can't be printed on one line.
    :raises PartyTaken: if another party has the user or the reference, or this one has another user.
    """
    party = Party.objects.locked().get(pk=party_id)
    if user is not None and party.user_id not in (None, user.pk):
        raise PartyTaken(what="another person for it")
    wanted: dict[str, Any] = {
        "kind": kind,
        "name": None if name is None else checked_name(name),
        "external_reference": None if external_reference is None else checked_reference(external_reference),
        "user": user,
    }

    changed = [field for field, value in wanted.items() if value is not None and value != getattr(party, field)]
    if not changed:
        return party
    for field in changed:
        setattr(party, field, wanted[field])
    try:
        with transaction.atomic():
            party.save(update_fields=changed)
    except IntegrityError:
        raise PartyTaken(what="this person or external reference") from None

    record(
        "identity.party.changed",
        subject=party,
        at=at,
        program_id=party.program_id,
        payload={"changed": changed, "details_digest": party.details_digest},
    )
    return party


def checked_name(name: str) -> str:
    """Return the name as it is stored.

    :raises PartyMakesNoSense: if it can't be printed on one line.
    """
    return _checked("name", name)


def checked_reference(reference: str) -> str:
    """Return the external reference as it is stored; there may be none.

    :raises PartyMakesNoSense: if it can't be printed on one line.
    """
    return _checked("external reference", reference) if reference else ""


def _checked(field: str, value: str) -> str:
    try:
        return str(_LINE.read(value))
    except NotAValue as no:
        raise PartyMakesNoSense(field=field, reason=str(no)) from None
