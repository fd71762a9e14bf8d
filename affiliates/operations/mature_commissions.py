"""Let commissions fall due whose hold period is over."""

from datetime import datetime
from typing import Final

from django.db import transaction

from affiliates.models import Commission
from affiliates.states import COMMISSION_TRANSITIONS, CommissionState
from audit.operations import follow_many
from audit.operations.follow_many import Step

AT_ONCE: Final = 1_000


def mature_commissions(*, at: datetime, most: int = 100_000) -> int:
    """Return how many fell due; those that somebody works on at this moment are left to the next time."""
    matured = 0
    while matured < most:
        count = _some(at=at)
        matured += count
        if count < AT_ONCE:
            break
    return matured


@transaction.atomic
def _some(*, at: datetime) -> int:
    rows = list(
        Commission.objects.select_for_update(no_key=True, of=("self",), skip_locked=True)
        .filter(state=CommissionState.ACCRUED, payable_at__lte=at)
        .order_by("payable_at")
        .values_list("pk", "program")[:AT_ONCE]
    )
    follow_many(
        COMMISSION_TRANSITIONS,
        [
            Step(pk=pk, source=CommissionState.ACCRUED, to=CommissionState.DUE, program_id=program_id)
            for pk, program_id in rows
        ],
        at=at,
    )
    return len(rows)
