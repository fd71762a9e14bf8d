"""Take what is held."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from audit.operations import follow
from ledger.errors import HoldTooSmall, UnknownHold
from ledger.models import Hold, Transaction
from ledger.money import exactly, plain
from ledger.movements import Movement, Posting
from ledger.operations.post import post
from ledger.states import HOLD_TRANSITIONS, HoldState


@transaction.atomic
def capture(hold_id: UUID, *, program_id: UUID, amount: Decimal, to: int, key: str, at: datetime) -> Hold:
    """Give ``amount`` of what is held to the account ``to``: part of it, several times, never more than is left.

    :raises UnknownHold: if the program has no such hold.
    :raises HoldTooSmall: if less than that is still held.
    :raises PostingRefused: if it can't be booked there.
    """
    held = Hold.objects.locked().filter(pk=hold_id, program_id=program_id).first()
    if held is None:
        raise UnknownHold(hold=hold_id)

    posting = Posting(
        program_id=program_id, key=f"capture:{key}", kind="CAPTURE",
        movements=(Movement(held.reserved_id, to, amount),), metadata={"hold": str(hold_id)},
    )  # fmt: skip
    # Asked a second time, nothing has to be left any more.
    is_known = Transaction.objects.under_key(program_id, posting.key).exists()
    if amount > held.left and not is_known:
        raise HoldTooSmall(left=plain(held.left), amount=plain(amount))
    if post(posting).is_replay:
        return held

    with exactly():
        held.captured += amount
    Hold.objects.filter(pk=held.pk).update(captured=held.captured)
    if not held.left:
        follow(HOLD_TRANSITIONS, held, to=HoldState.CAPTURED, at=at, program_id=program_id)
    return held
