"""Open a party, or find the one that is there."""

from datetime import datetime

from django.db import IntegrityError, transaction

from audit.operations import record
from identity.errors import PartyTaken
from identity.models import Party, Program, User
from identity.operations.change_party import checked_name, checked_reference
from identity.states import PartyKind


@transaction.atomic
def open_party(
    *,
    program: Program,
    kind: PartyKind,
    name: str,
    user: User | None = None,
    external_reference: str = "",
    at: datetime,
) -> Party:
    """Return the party of the user, or of the external reference, as it stands; open it when there is none.

    Without either every call opens one.

    :raises PartyMakesNoSense: if name or reference can't be printed on one line.
    :raises PartyTaken: if the two belong to two parties, or the one that is found has another of them.
    """
    name, external_reference = checked_name(name), checked_reference(external_reference)
    known = _known(program, user, external_reference)
    if known is not None:
        return known

    party = Party(
        program=program, kind=kind, name=name, user=user, external_reference=external_reference, created_at=at
    )
    try:
        with transaction.atomic():
            party.save(force_insert=True)
    except IntegrityError:
        twin = _known(program, user, external_reference)  # somebody opened it at the same moment
        if twin is None:
            raise
        return twin

    record(
        "identity.party.opened",
        subject=party,
        at=at,
        program_id=program.pk,
        payload={"kind": kind, "user": str(user.pk) if user else None, "details_digest": party.details_digest},
    )
    return party


def _known(program: Program, user: User | None, external_reference: str) -> Party | None:
    parties = Party.objects.filter(program=program)
    of_user: Party | None = parties.filter(user=user).first() if user else None
    named: Party | None = parties.filter(external_reference=external_reference).first() if external_reference else None
    known = of_user or named
    if known is None:
        return None
    # What was asked for is what is returned: never a party with somebody else's user or reference.
    if user is not None and known.user_id != user.pk:
        raise PartyTaken(what="this external reference")
    if external_reference and known.external_reference != external_reference:
        raise PartyTaken(what="this person" if named is None else "this external reference")
    return known
