"""Put one payee into a batch."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from affiliates.models import Affiliate
from audit.operations import record
from identity.models import User
from payouts.errors import NothingToPay, PayoutIsOpen, UnknownPayee
from payouts.models import Payout
from payouts.operations.collect_due import require_draft
from payouts.operations.note_makers import note_makers
from payouts.operations.put_in import put_in
from payouts.queries.batches import locked_batch
from payouts.states import PayeeType, PayoutState, Role
from wallets.models import Outgoing


@transaction.atomic
def add_payee(batch_id: UUID, *, program_id: UUID, payee_type: str, payee_id: UUID, by: User, at: datetime) -> Payout:
    """Put an affiliate into a draft with all that is due to them, or an outgoing; how much is never said by hand.

    :raises UnknownBatch: if the program has no such batch.
    :raises BatchIsFrozen: if it is no draft.
    :raises UnknownPayee: if the program has no such affiliate or outgoing.
    :raises PayoutIsOpen: if it is in a batch already.
    :raises NothingToPay: if it can't be paid now.
    """
    batch = locked_batch(batch_id, program_id=program_id)
    require_draft(batch)
    affiliate, outgoing = None, None
    if payee_type == PayeeType.AFFILIATE:
        affiliate = Affiliate.objects.filter(pk=payee_id, program=program_id).select_related("program", "party").first()
    elif payee_type == PayeeType.OUTGOING:
        outgoing = Outgoing.objects.filter(pk=payee_id, program=program_id, asset=batch.asset).first()
    if affiliate is None and outgoing is None:
        raise UnknownPayee(payee=payee_id)
    here = Payout.objects.filter(batch=batch, affiliate=affiliate, outgoing=outgoing).first()
    if here is not None and here.state != PayoutState.EXCLUDED:
        raise PayoutIsOpen(payee=str(affiliate or outgoing), batch=batch.number)

    done = put_in(
        batch, affiliates_due=[affiliate] if affiliate else [], outgoings=[outgoing] if outgoing else [], at=at
    )
    if not done.ready:
        said = done.left_out[0].choice.reason if done.left_out else "nothing is due, or another batch pays it."
        raise NothingToPay(payee=str(affiliate.party if affiliate else outgoing), reason=said)
    note_makers(batch, [(by.pk, Role.ADDED)], at=at)

    [put] = done.ready
    record(
        "payouts.batch.added_to", subject=batch, at=at, program_id=program_id,
        payload={"payout": str(put.payout_id), "payee": str(payee_id)},
    )  # fmt: skip
    return Payout.objects.get(pk=put.payout_id)
