"""Put everything that is due to an affiliate into a payout."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from affiliates.models import Commission
from affiliates.states import COMMISSION_TRANSITIONS, CommissionState
from audit.operations import follow_many
from audit.operations.follow_many import Step
from ledger.money import ZERO, exactly


@dataclass(frozen=True, slots=True)
class Batched:
    """The rows that were put into it, and what they come to: what is paid is their sum, and no figure beside it."""

    ids: tuple[UUID, ...]
    amount: Decimal


@transaction.atomic
def batch_commissions(
    affiliate_id: UUID, *, program_id: UUID, asset_id: int, until: datetime | None = None, at: datetime
) -> Batched:
    """Claim the rows that are due, or were due before ``until``, with what was taken back, and add them up."""
    due = Commission.objects.locked().filter(
        affiliate=affiliate_id, program=program_id, asset=asset_id, state=CommissionState.DUE
    )
    if until is not None:
        due = due.filter(payable_at__lt=until)
    rows = list(due)
    with exactly():
        amount = sum((row.amount for row in rows), ZERO)
    follow_many(
        COMMISSION_TRANSITIONS,
        [Step(pk=row.pk, source=row.state, to=CommissionState.BATCHED, program_id=program_id) for row in rows],
        at=at,
    )
    return Batched(tuple(row.pk for row in rows), amount)
