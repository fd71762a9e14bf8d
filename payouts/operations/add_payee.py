"""Put one payee into a batch."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from affiliates.models import Affiliate
from audit.operations import record
from identity.models import User
from payouts.errors import NothingToPay, PayoutIsOpen, UnknownPayee
from payouts.models import Payout, PayoutBatch
from payouts.operations.collect_due import require_draft
from payouts.operations.note_makers import note_makers
from payouts.operations.put_in import put_in
from payouts.queries.batches import locked_batch
from payouts.states import PayeeType, PayoutState, Role
from wallets.models import Outgoing, Withdrawal

_PUT_IN: Final[dict[str, str]] = {
    PayeeType.AFFILIATE: "affiliates_due", PayeeType.OUTGOING: "outgoings", PayeeType.WITHDRAWAL: "withdrawals",
}  # fmt: skip


@transaction.atomic
def add_payee(batch_id: UUID, *, program_id: UUID, payee_type: str, payee_id: UUID, by: User, at: datetime) -> Payout:
    """Put an affiliate into a draft with all that is due to them, an outgoing, or a withdrawal.

    How much is never said by hand.

    :raises UnknownBatch: if the program has no such batch.
    :raises BatchIsFrozen: if it is no draft.
    :raises UnknownPayee: if the program has no such affiliate, outgoing or withdrawal.
    :raises PayoutIsOpen: if it is in a batch already.
    :raises NothingToPay: if it can't be paid now.
    """
    batch = locked_batch(batch_id, program_id=program_id)
    require_draft(batch)
    payee = _payee(batch, payee_type, payee_id)
    name = str(payee.party if isinstance(payee, Affiliate) else payee)
    here = Payout.objects.filter(batch=batch, **{payee_type.lower(): payee}).first()
    if here is not None and here.state != PayoutState.EXCLUDED:
        raise PayoutIsOpen(payee=name, batch=batch.number)

    asked: dict[str, Any] = {_PUT_IN[payee_type]: [payee]}
    done = put_in(batch, **asked, at=at)
    if not done.ready:
        reason = done.left_out[0].choice.reason if done.left_out else "nothing is due, or another batch pays it."
        raise NothingToPay(payee=name, reason=reason)
    note_makers(batch, [(by.pk, Role.ADDED)], at=at)

    [put] = done.ready
    record(
        "payouts.batch.added_to", subject=batch, at=at, program_id=program_id,
        payload={"payout": str(put.payout_id), "payee": str(payee_id)},
    )  # fmt: skip
    return Payout.objects.get(pk=put.payout_id)


def _payee(batch: PayoutBatch, payee_type: str, payee_id: UUID) -> Affiliate | Outgoing | Withdrawal:
    """Return whom somebody means.

    :raises UnknownPayee: if the program has none such, or not of the batch's asset.
    """
    found: Affiliate | Outgoing | Withdrawal | None = None
    if payee_type == PayeeType.AFFILIATE:
        affiliates = Affiliate.objects.filter(pk=payee_id, program=batch.program_id)
        found = affiliates.select_related("program", "party").first()
    elif payee_type == PayeeType.OUTGOING:
        found = Outgoing.objects.filter(pk=payee_id, program=batch.program_id, asset=batch.asset).first()
    elif payee_type == PayeeType.WITHDRAWAL:
        found = Withdrawal.objects.filter(pk=payee_id, program=batch.program_id, wallet__asset=batch.asset).first()
    if found is None:
        raise UnknownPayee(payee=payee_id)
    return found
