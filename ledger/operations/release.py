"""Let go of what is held."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.errors import WrongState
from audit.operations import follow
from ledger.errors import UnknownHold
from ledger.models import Hold
from ledger.money import exactly
from ledger.movements import Movement, Posting
from ledger.operations.post import post
from ledger.states import HOLD_TRANSITIONS, HoldState


@transaction.atomic
def release(hold_id: UUID, *, program_id: UUID, to: HoldState = HoldState.RELEASED, at: datetime) -> Hold:
    """Give what is still held back to the wallet. A hold that was released already stays released.

    :raises UnknownHold: if the program has no such hold.
    :raises WrongState: if everything was captured, or it ended otherwise.
    """
    held = Hold.objects.locked().filter(pk=hold_id, program_id=program_id).first()
    if held is None:
        raise UnknownHold(hold=hold_id)
    if held.state == to:
        return held
    if held.state != HoldState.OPEN:
        raise WrongState(subject="hold", state=held.state, wanted=str(to), possible=[])

    movement = Movement(held.reserved_id, held.wallet_id, held.left)
    post(
        Posting(
            program_id=program_id, key=f"release:{held.pk}", kind="RELEASE", movements=(movement,),
            metadata={"hold": str(held.pk)},
        )
    )  # fmt: skip
    with exactly():
        held.released += held.left
    Hold.objects.filter(pk=held.pk).update(released=held.released)
    return follow(HOLD_TRANSITIONS, held, to=to, at=at, program_id=program_id)
