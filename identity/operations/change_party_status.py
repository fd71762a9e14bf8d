"""Close a party, or open it again."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import follow
from identity.models import Party
from identity.states import PARTY_TRANSITIONS, PartyStatus


@transaction.atomic
def change_party_status(party_id: UUID, *, to: PartyStatus, reason: str, at: datetime) -> Party:
    """Move the party to ``to``.

    :raises WrongState: if it is there already.
    """
    party = Party.objects.locked().get(pk=party_id)

    return follow(PARTY_TRANSITIONS, party, to=to, at=at, program_id=party.program_id, payload={"reason": reason})
