"""What those who vote should look at twice."""

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from payouts.models import PayoutBatch

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


# Who is paid again and again is an affiliate, or takes out of a wallet. Ids are given and not joined: a batch is new to
# the planner, which would compare each payout with each.
_PAID_BEFORE: Final = """
SELECT affiliate_id AS payee, destination_digest, amount, asset_id FROM payouts_payout
WHERE program_id = %(program)s AND state = 'PAID' AND batch_id <> %(batch)s
  AND affiliate_id = ANY(string_to_array(%(affiliates)s, ',')::uuid[])
UNION ALL
SELECT taken.wallet_id, paid.destination_digest, paid.amount, paid.asset_id
FROM wallets_withdrawal taken JOIN payouts_payout paid ON paid.withdrawal_id = taken.id
WHERE taken.program_id = %(program)s AND paid.state = 'PAID' AND paid.batch_id <> %(batch)s
  AND taken.wallet_id = ANY(string_to_array(%(wallets)s, ',')::uuid[])
"""
_PLACES: Final = f"SELECT DISTINCT payee::text, destination_digest FROM ({_PAID_BEFORE}) before"  # noqa: S608
_USUAL: Final = f"""
SELECT payee::text, avg(amount) FROM ({_PAID_BEFORE}) before WHERE asset_id = %(asset)s GROUP BY 1
"""  # noqa: S608
_LATELY: Final = """
SELECT DISTINCT destination_digest, amount FROM payouts_payout
WHERE program_id = %(program)s AND state = 'PAID' AND batch_id <> %(batch)s AND asset_id = %(asset)s
  AND settled_at > %(since)s AND destination_digest = ANY(string_to_array(%(digests)s, ','))
"""
_ROWS: Final = """
SELECT payout.id::text, payout.affiliate_id::text, taken.wallet_id::text, payout.destination_digest, payout.amount
FROM payouts_payout payout LEFT JOIN wallets_withdrawal taken ON taken.id = payout.withdrawal_id
WHERE payout.batch_id = %(batch)s AND payout.state <> 'EXCLUDED' ORDER BY payout.id
"""


def flagged(batch: PayoutBatch, *, at: datetime) -> dict[str, list[str]]:
    """Return the ids of the payouts that should be looked at twice, by what is strange about them."""
    asked: dict[str, Any] = {
        "program": batch.program_id, "batch": batch.pk, "asset": batch.asset_id, "since": at - PAID_TWICE_WITHIN,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, asked)
        rows = cursor.fetchall()
        asked["affiliates"] = ",".join({affiliate for _, affiliate, *_ in rows if affiliate})
        asked["wallets"] = ",".join({wallet for _, _, wallet, *_ in rows if wallet})
        asked["digests"] = ",".join({digest for *_, digest, _ in rows if digest})
        cursor.execute(_PLACES, asked)
        places = set(cursor.fetchall())
        cursor.execute(_USUAL, asked)
        usual = dict(cursor.fetchall())
        cursor.execute(_LATELY, asked)
        lately = set(cursor.fetchall())
    known = {payee for payee, _ in places}
    shared = Counter(digest for *_, digest, _ in rows)
    found: dict[str, list[str]] = {flag: [] for flag in FLAGS}
    for pk, affiliate, wallet, digest, amount in rows:
        payee = affiliate or wallet
        strange = {
            "new_payee": payee is not None and payee not in known,
            "new_destination": payee in known and (payee, digest) not in places,
            "far_above_usual": payee in usual and amount > usual[payee] * TIMES_USUAL,
            "shared_destination": bool(digest) and shared[digest] > 1,
            "paid_lately": (digest, amount) in lately,
        }
        for flag, is_so in strange.items():
            if is_so:
                found[flag].append(pk)
    return {flag: ids for flag, ids in found.items() if ids}


def flags_of(batch: PayoutBatch, *, at: datetime) -> dict[str, int]:
    """Return how many payouts should be looked at twice, by what is strange about them."""
    return {flag: len(ids) for flag, ids in flagged(batch, at=at).items()}
