"""What those who vote should look at twice."""

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import Avg, UUIDField
from django.db.models.functions import Coalesce

from payouts.models import Payout, PayoutBatch
from payouts.states import PayeeType, PayoutState

# Far above what somebody is paid usually.
TIMES_USUAL: Final = Decimal(3)
PAID_TWICE_WITHIN: Final = timedelta(days=7)

# Who is paid again and again: an affiliate, and who takes out of a wallet.
_WHO: Final = {PayeeType.AFFILIATE: "affiliate", PayeeType.WITHDRAWAL: "withdrawal__wallet"}
_PAYEE: Final = Coalesce("affiliate_id", "withdrawal__wallet_id", output_field=UUIDField())

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
        .annotate(payee=_PAYEE)
        .values_list("pk", "payee", "destination_digest", "amount", "payee_type")
    )
    before = Payout.objects.filter(program=batch.program_id, state=PayoutState.PAID).exclude(batch=batch).order_by()
    places: set[tuple[UUID, str]] = set()
    usual: dict[UUID, Decimal] = {}
    for kind, who in _WHO.items():
        # By ids, and compared here: a batch is new to the planner, which would compare each payout with each.
        ids = [row[1] for row in rows if row[4] == kind]
        of_these = before.filter(**{f"{who}__in": ids}) if ids else before.none()
        places |= set(of_these.values_list(who, "destination_digest").distinct())
        usual |= dict(of_these.filter(asset=batch.asset_id).values_list(who).annotate(usual=Avg("amount")))
    known = {payee for payee, _ in places}
    lately = set(
        before.filter(
            settled_at__gt=at - PAID_TWICE_WITHIN, asset=batch.asset_id,
            destination_digest__in={row[2] for row in rows if row[2]},
        ).values_list("destination_digest", "amount")
    )  # fmt: skip
    shared = Counter(row[2] for row in rows)
    found: dict[str, list[str]] = {flag: [] for flag in FLAGS}
    for pk, payee, digest, amount, payee_type in rows:
        strange = {
            "new_payee": payee_type in _WHO and payee not in known,
            "new_destination": payee in known and (payee, digest) not in places,
            "far_above_usual": payee in usual and amount > usual[payee] * TIMES_USUAL,
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
