"""Write down what settlements have earned."""

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection
from uuid_utils.compat import uuid7

from affiliates.queries.families import Earned
from affiliates.states import CommissionState

_INSERT: Final = """
INSERT INTO affiliates_commission (
    id, program_id, affiliate_id, asset_id, type, state, amount, settlement_id, base, rate, exact, rate_from,
    accrued_at, payable_at, held_reason, reason, ledger_transaction_id)
SELECT row.i, row.p, row.f, row.s, row.t, row.z, row.a, row.o, row.b, row.r, row.e, row.w, %s, row.y, row.h, '', row.l
FROM json_to_recordset(%s) AS row (
    i uuid, p uuid, f uuid, s integer, t text, z text, a numeric, o uuid, b numeric, r numeric, e numeric, w text,
    y timestamptz, h text, l uuid)
"""


class NewCommission(NamedTuple):
    """A row that a settlement has earned, and the transaction of the books that it stands in, if it is something."""

    settlement_id: UUID
    program_id: UUID
    asset_id: int
    base: Decimal
    earned: Earned
    booked_id: UUID | None


def write_commissions(rows: Sequence[NewCommission], *, at: datetime) -> None:
    """Write all of them in one statement."""
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [at, json.dumps([_as_json(row) for row in rows])])


def _as_json(row: NewCommission) -> dict[str, object]:
    earned, share = row.earned, row.earned.share
    return {
        "i": uuid7().hex, "p": row.program_id.hex, "f": earned.affiliate_id.hex, "s": row.asset_id,
        "t": earned.type, "z": CommissionState.HELD if earned.held_reason else CommissionState.ACCRUED,
        "a": f"{share.amount:f}", "o": row.settlement_id.hex, "b": f"{row.base:f}", "r": f"{share.rate:f}",
        "e": f"{share.exact:f}", "w": share.rate_from, "y": earned.payable_at.isoformat(), "h": earned.held_reason,
        "l": row.booked_id.hex if share.amount and row.booked_id else None,
    }  # fmt: skip
