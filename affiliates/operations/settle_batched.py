"""Say what became of commissions in a payout."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from affiliates.errors import UnknownCommission
from affiliates.models import Commission
from affiliates.states import COMMISSION_TRANSITIONS, CommissionState
from audit.operations import follow_many
from audit.operations.follow_many import Step


@transaction.atomic
def settle_batched(ids: Sequence[UUID], *, program_id: UUID, is_paid: bool, at: datetime) -> None:
    """Take rows as paid, or as due again because the payout leaves them out: all of them, or none.

    :raises UnknownCommission: if the program has no such row.
    :raises WrongState: if one is in no payout.
    """
    rows = {row.pk: row for row in Commission.objects.locked().filter(pk__in=ids, program=program_id)}
    for pk in ids:
        if pk not in rows:
            raise UnknownCommission(commission=pk)
    follow_many(
        COMMISSION_TRANSITIONS,
        [
            Step(
                pk=row.pk, source=row.state, program_id=program_id, values={"paid_at": at if is_paid else None},
                to=CommissionState.PAID if is_paid else CommissionState.DUE,
            )
            for row in rows.values()
        ],
        at=at,
    )  # fmt: skip
