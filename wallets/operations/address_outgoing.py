"""Say where something goes that is owed to somebody outside."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit import context
from audit.errors import WrongState
from audit.operations import record
from wallets.errors import BadPayee, UnknownOutgoing
from wallets.models import Outgoing, RailAccount
from wallets.rails import rail_named
from wallets.states import OutgoingState


@transaction.atomic
def address_outgoing(
    outgoing_id: UUID, *, program_id: UUID, destination: str, holder: str = "", at: datetime
) -> Outgoing:
    """Write down where it goes. Whoever says so has no vote on paying it.

    :raises UnknownOutgoing: if the program has no such outgoing.
    :raises WrongState: if it is paid, or given up.
    :raises BadPayee: if nobody can be paid there, or nothing can be sent through its rail.
    """
    outgoing = Outgoing.objects.locked().select_related("asset").filter(pk=outgoing_id, program=program_id).first()
    if outgoing is None:
        raise UnknownOutgoing(outgoing=outgoing_id)
    if outgoing.state in (OutgoingState.PAID, OutgoingState.CANCELLED):
        said = outgoing.get_state_display().lower()
        raise WrongState(subject="outgoing", state=said, wanted="addressed", possible=[])
    account = RailAccount.objects.filter(program=program_id, name=outgoing.rail).first()
    payer = rail_named(account.rail).payer if account else None
    if payer is None:
        raise BadPayee(reason=f"nothing can be sent through {outgoing.rail}")

    actor = context.current().actor
    outgoing.destination = payer.checked(destination)
    outgoing.holder = " ".join(holder.split())[:120]
    outgoing.addressed_by = f"{actor.type}:{actor.id}"[:250]
    outgoing.save(update_fields=("destination", "holder", "addressed_by"))

    record(
        "wallets.outgoing.addressed", subject=outgoing, at=at, program_id=program_id, payload={"rail": outgoing.rail}
    )
    return outgoing
