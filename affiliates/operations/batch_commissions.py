"""Put what is due to affiliates into payouts."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from affiliates.states import COMMISSION_TRANSITIONS, CommissionState
from audit.operations import follow_all

# Locked in the order of their ids, as everywhere, and added up under their locks. Of each affiliate one row comes over:
# tens of thousands of rows that nobody looks at one by one would take longer than everything that is done with them.
_DUE: Final = """
SELECT affiliate_id, string_agg(id::text, ','), sum(amount)
FROM (
    SELECT id, affiliate_id, amount FROM affiliates_commission
    WHERE affiliate_id = ANY(string_to_array(%(affiliates)s, ',')::uuid[]) AND program_id = %(program)s
      AND asset_id = %(asset)s AND state = 'DUE' AND (%(until)s::timestamptz IS NULL OR payable_at < %(until)s)
    ORDER BY id FOR NO KEY UPDATE
) due
GROUP BY affiliate_id
"""


@dataclass(frozen=True, slots=True)
class Batched:
    """The rows that were put into it, and what they come to: what is paid is their sum, and no figure beside it."""

    rows: str  # their ids, with commas between: they are handed on as they came
    amount: Decimal

    @property
    def ids(self) -> list[UUID]:
        """The same, one by one."""
        return [UUID(row) for row in self.rows.split(",")]


@transaction.atomic
def batch_commissions(
    affiliates: Collection[UUID], *, program_id: UUID, asset_id: int, until: datetime | None = None,
    takes: Callable[[Mapping[UUID, Decimal]], Collection[UUID]], at: datetime,
) -> dict[UUID, Batched]:  # fmt: skip
    """Claim the rows of affiliates that are due, or were due before ``until``, with what was taken back.

    ``takes`` is asked once, of which affiliates what is due, as it stands under the rows' locks, is put into a payout.
    """
    asked: dict[str, str | UUID | int | datetime | None] = {
        "affiliates": ",".join(map(str, affiliates)), "program": program_id, "asset": asset_id, "until": until,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_DUE, asked)
        found = {affiliate_id: Batched(rows, amount) for affiliate_id, rows, amount in cursor.fetchall()}
    wanted = takes({affiliate_id: batched.amount for affiliate_id, batched in found.items()})
    taken = {affiliate_id: found[affiliate_id] for affiliate_id in wanted}
    follow_all(
        COMMISSION_TRANSITIONS, [row for batched in taken.values() for row in batched.rows.split(",")],
        source=CommissionState.DUE, to=CommissionState.BATCHED, program_id=program_id, at=at,
    )  # fmt: skip
    return taken
