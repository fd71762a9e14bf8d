"""What has to hold of payouts, counted anew from the rows."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection

# What is set aside for affiliates is what batches that were agreed on still have to pay them.
_RESERVED: Final = """
WITH wanted AS (
    SELECT payout.program_id, payout.affiliate_id, payout.asset_id,
           sum(payout.amount + payout.withheld
               - (SELECT coalesce(sum(amount + withheld), 0) FROM payouts_part part
                  WHERE part.payout_id = payout.id AND part.paid_at IS NOT NULL)) AS amount
    FROM payouts_payout payout JOIN payouts_payoutbatch batch ON batch.id = payout.batch_id
    WHERE payout.affiliate_id IS NOT NULL
      AND (payout.state IN ('SENDING', 'ACCEPTED', 'UNKNOWN', 'FAILED')
           OR payout.state IN ('READY', 'HELD') AND batch.state NOT IN ('DRAFT', 'PENDING_APPROVAL'))
      AND (%(program)s::uuid IS NULL OR payout.program_id = %(program)s)
    GROUP BY 1, 2, 3
), booked AS (
    SELECT purse.program_id, purse.affiliate_id, purse.asset_id, sum(balance.amount) AS amount
    FROM affiliates_purse purse JOIN ledger_balance balance ON balance.account_id = purse.reserved_id
    WHERE %(program)s::uuid IS NULL OR purse.program_id = %(program)s
    GROUP BY 1, 2, 3
)
SELECT affiliate.program_id, affiliate.code, asset.code, coalesce(wanted.amount, 0), coalesce(booked.amount, 0)
FROM wanted FULL JOIN booked USING (program_id, affiliate_id, asset_id)
JOIN affiliates_affiliate affiliate ON affiliate.id = affiliate_id JOIN ledger_asset asset ON asset.id = asset_id
WHERE coalesce(wanted.amount, 0) <> coalesce(booked.amount, 0)
ORDER BY 2, 3
"""

# What is in flight at a rail account is what was tried and not answered for good.
_IN_FLIGHT: Final = """
WITH wanted AS (
    SELECT attempt.program_id, account.name AS rail, payout.asset_id, sum(attempt.amount) AS amount
    FROM payouts_attempt attempt JOIN payouts_payout payout ON payout.id = attempt.payout_id
    JOIN wallets_railaccount account ON account.id = attempt.rail_account_id
    WHERE attempt.state IN ('STORED', 'SENT', 'UNKNOWN')
      AND (%(program)s::uuid IS NULL OR attempt.program_id = %(program)s)
    GROUP BY 1, 2, 3
), booked AS (
    SELECT account.program_id, substring(account.code FROM '^rail:(.*):in_flight$') AS rail, account.asset_id,
           sum(balance.amount) AS amount
    FROM ledger_account account JOIN ledger_balance balance ON balance.account_id = account.id
    WHERE account.role = 'IN_FLIGHT' AND (%(program)s::uuid IS NULL OR account.program_id = %(program)s)
    GROUP BY 1, 2, 3
)
SELECT program_id, rail, asset.code, coalesce(wanted.amount, 0), coalesce(booked.amount, 0)
FROM wanted FULL JOIN booked USING (program_id, rail, asset_id) JOIN ledger_asset asset ON asset.id = asset_id
WHERE coalesce(wanted.amount, 0) <> coalesce(booked.amount, 0)
ORDER BY 2, 3
"""

# Every payout passes through here, and nothing stays.
_PASSING: Final = """
SELECT account.program_id, account.code, asset.code, 0::numeric, sum(balance.amount)
FROM ledger_account account JOIN ledger_balance balance ON balance.account_id = account.id
JOIN ledger_asset asset ON asset.id = account.asset_id
WHERE account.role = 'PAYOUTS' AND (%(program)s::uuid IS NULL OR account.program_id = %(program)s)
GROUP BY 1, 2, 3
HAVING sum(balance.amount) <> 0
ORDER BY 1, 3
"""

# A part of a payout is paid when an attempt at it is confirmed, or it went into a wallet here; and its payout then too.
_PAID: Final = """
SELECT payout.program_id, payout.id::text, asset.code, payout.amount,
       (SELECT coalesce(sum(amount), 0) FROM payouts_part part
        WHERE part.payout_id = payout.id AND part.paid_at IS NOT NULL)
FROM payouts_payout payout JOIN ledger_asset asset ON asset.id = payout.asset_id
WHERE payout.state = 'PAID' AND (%(program)s::uuid IS NULL OR payout.program_id = %(program)s)
  AND payout.amount <> (SELECT coalesce(sum(amount), 0) FROM payouts_part part
                        WHERE part.payout_id = payout.id AND part.paid_at IS NOT NULL)
UNION ALL
SELECT attempt.program_id, attempt.payout_id::text, asset.code, attempt.amount, 0
FROM payouts_attempt attempt JOIN payouts_payout payout ON payout.id = attempt.payout_id
JOIN payouts_part part ON part.id = attempt.part_id JOIN ledger_asset asset ON asset.id = payout.asset_id
WHERE attempt.state = 'CONFIRMED' AND part.paid_at IS NULL
  AND (%(program)s::uuid IS NULL OR attempt.program_id = %(program)s)
"""

# What an owner takes out is where its payout is; and without one it waits, or was stopped.
_WITHDRAWALS: Final = """
SELECT taken.program_id,
       format('Withdrawal %%s is %%s, and its payout %%s', taken.id, taken.state, coalesce(payout.state, 'is missing')),
       asset.code, taken.amount, coalesce(payout.amount, 0)
FROM wallets_withdrawal taken JOIN wallets_wallet wallet ON wallet.id = taken.wallet_id
JOIN ledger_asset asset ON asset.id = wallet.asset_id
LEFT JOIN payouts_payout payout ON payout.withdrawal_id = taken.id AND payout.state <> 'EXCLUDED'
LEFT JOIN payouts_payoutbatch batch ON batch.id = payout.batch_id
WHERE (%(program)s::uuid IS NULL OR taken.program_id = %(program)s)
  AND NOT CASE
    WHEN payout.id IS NULL THEN taken.state IN ('REQUESTED', 'APPROVED', 'REJECTED', 'CANCELLED')
                                AND taken.batched_at IS NULL
    WHEN payout.amount <> taken.amount THEN false
    WHEN payout.state IN ('SENDING', 'ACCEPTED', 'FAILED') THEN taken.state IN ('SENT', 'UNKNOWN')
    WHEN payout.state = 'RELEASED' THEN taken.state = 'FAILED'
    WHEN payout.state IN ('UNKNOWN', 'PAID', 'RETURNED') THEN taken.state = payout.state
    -- A draft finds out when it is submitted that one was stopped meanwhile.
    WHEN batch.state = 'DRAFT' THEN taken.state IN ('APPROVED', 'REJECTED', 'CANCELLED') AND taken.batched_at IS NULL
    ELSE taken.state = 'APPROVED' AND taken.batched_at IS NOT NULL
  END
ORDER BY 2
"""


# What is withheld of a part goes with each payment of it; into wallets here it is paid without an attempt.
_WITHHELD: Final = """
WITH paid AS (
    SELECT part.program_id, part.payout_id, part.withheld
    FROM payouts_part part JOIN payouts_attempt attempt ON attempt.part_id = part.id
    WHERE attempt.state = 'CONFIRMED' AND part.withheld > 0
    UNION ALL
    SELECT part.program_id, part.payout_id, part.withheld
    FROM payouts_part part
    WHERE part.paid_at IS NOT NULL AND part.withheld > 0
      AND NOT EXISTS (SELECT FROM payouts_attempt attempt WHERE attempt.part_id = part.id)
), wanted AS (
    SELECT paid.program_id, payout.asset_id, sum(paid.withheld) AS amount
    FROM paid JOIN payouts_payout payout ON payout.id = paid.payout_id
    WHERE %(program)s::uuid IS NULL OR paid.program_id = %(program)s
    GROUP BY 1, 2
), booked AS (
    SELECT account.program_id, account.asset_id, sum(entry.amount) AS amount
    FROM ledger_account account JOIN ledger_entry entry ON entry.credit_account_id = account.id
    JOIN ledger_transaction booked ON booked.id = entry.transaction_id
    WHERE account.role = 'WITHHOLDING' AND booked.kind IN ('PAYOUT_PAID', 'PAYOUT_PAID_LATE')
      AND (%(program)s::uuid IS NULL OR account.program_id = %(program)s)
    GROUP BY 1, 2
)
SELECT program_id, 'withheld', asset.code, coalesce(wanted.amount, 0), coalesce(booked.amount, 0)
FROM wanted FULL JOIN booked USING (program_id, asset_id) JOIN ledger_asset asset ON asset.id = asset_id
WHERE coalesce(wanted.amount, 0) <> coalesce(booked.amount, 0)
ORDER BY 1, 3
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something of which rows and books say different things."""

    program_id: UUID
    what: str
    asset: str
    rows: str
    books: str


def reserved(program_id: UUID | None) -> tuple[int, list[Difference]]:
    """Compare what is to be paid with what is set aside."""
    return _counted("payouts_payout", program_id), _differences(_RESERVED, program_id)


def in_flight(program_id: UUID | None) -> tuple[int, list[Difference]]:
    """Compare what was tried, and not answered for good, with what is in flight."""
    return _counted("payouts_attempt", program_id), _differences(_IN_FLIGHT, program_id)


def passing(program_id: UUID | None) -> tuple[int, list[Difference]]:
    """Find what stays where everything only passes."""
    return _counted("payouts_attempt", program_id), _differences(_PASSING, program_id)


def paid(program_id: UUID | None) -> tuple[int, list[Difference]]:
    """Compare what payouts say with what their parts and attempts say."""
    return _counted("payouts_part", program_id), _differences(_PAID, program_id)


def withdrawals(program_id: UUID | None) -> tuple[int, list[Difference]]:
    """Compare where withdrawals are with where their payouts are."""
    return _counted("wallets_withdrawal", program_id), _differences(_WITHDRAWALS, program_id)


def withheld(program_id: UUID | None) -> tuple[int, list[Difference]]:
    """Compare what was withheld of what was paid with what the books have as withheld."""
    return _counted("payouts_part", program_id), _differences(_WITHHELD, program_id)


def _counted(table: str, program_id: UUID | None) -> int:
    asked = f"SELECT count(*) FROM {table} WHERE %s::uuid IS NULL OR program_id = %s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(asked, [program_id, program_id])
        return int(cursor.fetchone()[0])


def _differences(statement: str, program_id: UUID | None) -> list[Difference]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"program": program_id})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return [
        Difference(program, what, asset, f"{ours.normalize():f}", f"{theirs.normalize():f}")
        for program, what, asset, ours, theirs in rows
    ]
