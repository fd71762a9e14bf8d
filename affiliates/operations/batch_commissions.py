"""Put what is due to affiliates into payouts."""

from collections.abc import Callable, Collection
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


@dataclass(slots=True)
class Batched:
    """The rows that were put into it, and what they come to: what is paid is their sum, and no figure beside it."""

    ids: list[UUID]
    amount: Decimal


@transaction.atomic
def batch_commissions(
    affiliates: Collection[UUID], *, program_id: UUID, asset_id: int, until: datetime | None = None,
    takes: Callable[[UUID, Decimal], bool], at: datetime,
) -> dict[UUID, Batched]:  # fmt: skip
    """Claim the rows of affiliates that are due, or were due before ``until``, with what was taken back.

    ``takes`` is asked for each affiliate whether what is due, as it stands under the rows' locks, is put into a payout.
    """
    due = Commission.objects.locked().filter(
        affiliate__in=affiliates, program=program_id, asset=asset_id, state=CommissionState.DUE
    )
    if until is not None:
        due = due.filter(payable_at__lt=until)
    found: dict[UUID, Batched] = {}
    with exactly():
        for pk, affiliate_id, amount in due.values_list("pk", "affiliate", "amount"):
            batched = found.setdefault(affiliate_id, Batched([], ZERO))
            batched.ids.append(pk)
            batched.amount += amount
    taken = {affiliate_id: batched for affiliate_id, batched in found.items() if takes(affiliate_id, batched.amount)}
    follow_many(
        COMMISSION_TRANSITIONS,
        [
            Step(pk=pk, source=CommissionState.DUE, to=CommissionState.BATCHED, program_id=program_id)
            for batched in taken.values()
            for pk in batched.ids
        ],
        at=at,
    )
    return taken
