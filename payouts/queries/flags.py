"""What those who vote should look at twice."""

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Avg

from payouts.models import Payout, PayoutBatch
from payouts.states import PayeeType, PayoutState

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
    rows = list(
        Payout.objects.filter(batch=batch)
        .exclude(state=PayoutState.EXCLUDED)
        .order_by("pk")
        .values_list("pk", "affiliate", "destination_digest", "amount", "payee_type")
    )
    before = Payout.objects.filter(program=batch.program_id, state=PayoutState.PAID).exclude(batch=batch).order_by()
    # By ids, and compared here: a batch is new to the planner, which would compare each payout with each.
    of_these = before.filter(affiliate__in=[row[1] for row in rows if row[4] == PayeeType.AFFILIATE])
    places = set(of_these.values_list("affiliate", "destination_digest").distinct())
    known = {affiliate for affiliate, _ in places}
    usual = dict(of_these.filter(asset=batch.asset_id).values_list("affiliate").annotate(usual=Avg("amount")))
    lately = set(
        before.filter(
            settled_at__gt=at - PAID_TWICE_WITHIN, asset=batch.asset_id,
            destination_digest__in={row[2] for row in rows if row[2]},
        ).values_list("destination_digest", "amount")
    )  # fmt: skip
    shared = Counter(row[2] for row in rows)
    found: dict[str, list[str]] = {flag: [] for flag in FLAGS}
    for pk, affiliate, digest, amount, payee_type in rows:
        strange = {
            "new_payee": payee_type == PayeeType.AFFILIATE and affiliate not in known,
            "new_destination": affiliate in known and (affiliate, digest) not in places,
            "far_above_usual": affiliate in usual and amount > usual[affiliate] * TIMES_USUAL,
            "shared_destination": bool(digest) and shared[digest] > 1,
            "paid_lately": (digest, amount) in lately,
        }
        for flag, is_so in strange.items():
            if is_so:
                found[flag].append(str(pk))
    return {flag: ids for flag, ids in found.items() if ids}


def flags_of(batch: PayoutBatch, *, at: datetime) -> dict[str, int]:
    """Return how many payouts should be looked at twice, by what is strange about them."""
    return {flag: len(ids) for flag, ids in flagged(batch, at=at).items()}
