"""Count what a posting took from a hold."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from audit.operations import follow
from ledger.errors import HoldTooSmall, UnknownHold
from ledger.models import Hold
from ledger.money import exactly, plain
from ledger.states import HOLD_TRANSITIONS, HoldState


@transaction.atomic(savepoint=False)  # it belongs to what the caller has booked
def note_captured(hold_id: UUID, *, program_id: UUID, amount: Decimal, at: datetime) -> Hold:
    """Count ``amount`` as captured: the caller has booked it from what is reserved, in the same transaction.

    The caller holds the hold's lock since before that. A capture that books by itself is ``capture``.

    :raises UnknownHold: if the program has no such hold.
    :raises HoldTooSmall: if less than that is still held.
    """
    held = Hold.objects.locked().filter(pk=hold_id, program_id=program_id).first()
    if held is None:
        raise UnknownHold(hold=hold_id)
    if held.state != HoldState.OPEN or amount > held.left:
        raise HoldTooSmall(left=plain(held.left), amount=plain(amount))

    with exactly():
        held.captured += amount
    Hold.objects.filter(pk=held.pk).update(captured=held.captured)
    if not held.left:
        follow(HOLD_TRANSITIONS, held, to=HoldState.CAPTURED, at=at, program_id=program_id)
    return held
