"""What those who vote should look at twice."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Avg, Count, Exists, OuterRef, Q

from payouts.models import Payout, PayoutBatch
from payouts.states import PayoutState

# Far above what somebody is paid usually.
TIMES_USUAL: Final = Decimal(3)
PAID_TWICE_WITHIN: Final = timedelta(days=7)

FLAGS: Final = {
    "new_payee": "Paid for the first time",
    "new_destination": "Paid elsewhere than the last time",
    "far_above_usual": "Far more than usual",
    "shared_destination": "Several payees of this batch are paid to one place",
    "paid_lately": "The same amount was paid to the same place within a week",
}


def flagged(batch: PayoutBatch, *, at: datetime) -> dict[str, list[str]]:
    """Return the ids of the payouts that should be looked at twice, by what is strange about them."""
    before = Payout.objects.filter(program=batch.program_id, state=PayoutState.PAID).exclude(batch=batch)
    same = before.filter(Q(affiliate=OuterRef("affiliate"), affiliate__isnull=False))
    inside = Payout.objects.filter(batch=batch).exclude(state=PayoutState.EXCLUDED).order_by()
    of_affiliates = inside.filter(affiliate__isnull=False)
    usual = dict(
        before.filter(affiliate__in=of_affiliates.values("affiliate"), asset=batch.asset_id)
        .order_by()
        .values_list("affiliate")
        .annotate(usual=Avg("amount"))
    )
    shared = (
        inside.exclude(destination_digest="")
        .values("destination_digest")
        .annotate(many=Count("pk"))
        .filter(many__gt=1)
        .values("destination_digest")
    )
    lately = before.filter(
        destination_digest=OuterRef("destination_digest"), amount=OuterRef("amount"), asset=batch.asset_id,
        settled_at__gt=at - PAID_TWICE_WITHIN,
    )  # fmt: skip
    found = {
        "new_payee": of_affiliates.filter(~Exists(same)),
        "new_destination": of_affiliates.filter(Exists(same)).filter(
            ~Exists(same.filter(destination_digest=OuterRef("destination_digest")))
        ),
        "shared_destination": inside.filter(destination_digest__in=shared),
        "paid_lately": inside.exclude(destination_digest="").filter(Exists(lately)),
    }
    ids = {flag: [str(pk) for pk in rows.values_list("pk", flat=True)] for flag, rows in found.items()}
    ids["far_above_usual"] = [
        str(pk)
        for pk, affiliate, amount in of_affiliates.values_list("pk", "affiliate", "amount")
        if affiliate in usual and amount > usual[affiliate] * TIMES_USUAL
    ]
    return {flag: ids[flag] for flag in FLAGS if ids[flag]}


def flags_of(batch: PayoutBatch, *, at: datetime) -> dict[str, int]:
    """Return how many payouts should be looked at twice, by what is strange about them."""
    return {flag: len(ids) for flag, ids in flagged(batch, at=at).items()}
