"""Do wallets agree with the books, and with themselves? Looked at in pages; a page is one statement, so one snapshot.

What a wallet says is computed again from the entries of the books: they say what has moved, and lines only tell it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django.db import connection

WALLETS_AT_ONCE: Final = 500
PAYMENTS_AT_ONCE: Final = 2_000

_WALLETS: Final = """
WITH looked_at AS (
    SELECT w.* FROM wallets_wallet w
    WHERE w.id > %(after)s AND (%(program)s::uuid IS NULL OR w.program_id = %(program)s)
      AND (%(wallet)s::uuid IS NULL OR w.id = %(wallet)s)
    ORDER BY w.id LIMIT %(limit)s
), held AS (
    SELECT l.id, a.amount + r.amount AS total, o.amount AS owed
    FROM looked_at l
    LEFT JOIN ledger_balance a ON a.account_id = l.account_id
    LEFT JOIN ledger_balance r ON r.account_id = l.reserved_id
    LEFT JOIN ledger_balance o ON o.account_id = l.owed_id
), sides AS (
    -- What each entry did to a wallet; from the wallet to what is owed is a repayment and stands apart.
    SELECT l.id AS wallet_id, e.transaction_id, e.amount, -1 AS sign, e.credit_account_id = l.owed_id AS repays
    FROM looked_at l JOIN ledger_entry e ON e.debit_account_id IN (l.account_id, l.reserved_id)
    UNION ALL
    SELECT l.id, e.transaction_id, e.amount, 1, false
    FROM looked_at l JOIN ledger_entry e ON e.credit_account_id IN (l.account_id, l.reserved_id)
), debts AS (
    SELECT l.id AS wallet_id, e.transaction_id, sum(e.amount) AS amount
    FROM looked_at l JOIN ledger_entry e ON e.debit_account_id = l.owed_id GROUP BY 1, 2
), booked AS (
    SELECT wallet_id, transaction_id, coalesce(sum(sign * amount) FILTER (WHERE NOT repays), 0) AS moved,
           coalesce(sum(amount) FILTER (WHERE repays), 0) AS repaid
    FROM sides GROUP BY 1, 2
), expected AS (
    SELECT coalesce(b.wallet_id, d.wallet_id) AS wallet_id, coalesce(b.transaction_id, d.transaction_id) AS booked_id,
           coalesce(b.moved, 0) AS moved, coalesce(b.repaid, 0) AS repaid, coalesce(d.amount, 0) AS newly_owed
    FROM booked b FULL JOIN debts d ON d.wallet_id = b.wallet_id AND d.transaction_id = b.transaction_id
), expected_lines AS (
    SELECT wallet_id, booked_id, false AS repays, moved AS change, newly_owed AS owed_change FROM expected
    WHERE moved <> 0 OR newly_owed <> 0
    UNION ALL
    SELECT wallet_id, booked_id, true, -repaid, -repaid FROM expected WHERE repaid <> 0
), lines AS (
    SELECT t.*, t.type = 'REPAYMENT' AS repays, CASE WHEN t.is_credit THEN t.amount ELSE -t.amount END AS change,
           row_number() OVER links AS place, lag(t.balance_after, 1, 0) OVER links AS left_before
    FROM looked_at l JOIN wallets_wallettransaction t ON t.wallet_id = l.id AND t.status = 'COMPLETED'
    WINDOW links AS (PARTITION BY t.wallet_id ORDER BY t.number, t.id)
), last AS (
    SELECT DISTINCT ON (wallet_id) wallet_id, number, balance_after, completed_at FROM lines
    ORDER BY wallet_id, number DESC, id DESC
), counted AS (
    SELECT wallet_id, count(*) AS count, sum(owed_change) AS owed FROM lines GROUP BY 1
), found AS (
    SELECT h.id, 'no_balance' AS what, 'An account of the wallet has no balance row.' AS says
    FROM held h WHERE h.total IS NULL OR h.owed IS NULL
    UNION ALL
    SELECT h.id, 'balance', format('The books hold %%s, and its last transaction leaves %%s.', h.total,
                                   coalesce(z.balance_after, 0))
    FROM held h LEFT JOIN last z ON z.wallet_id = h.id WHERE h.total <> coalesce(z.balance_after, 0)
    UNION ALL
    SELECT h.id, 'owed', format('The books say that %%s is owed, and its transactions come to %%s.', h.owed,
                                coalesce(c.owed, 0))
    FROM held h LEFT JOIN counted c ON c.wallet_id = h.id WHERE h.owed <> coalesce(c.owed, 0)
    UNION ALL
    SELECT l.id, 'count', format('It counts %%s transactions, and there are %%s.', l.last_number, coalesce(c.count, 0))
    FROM looked_at l LEFT JOIN counted c ON c.wallet_id = l.id WHERE l.last_number <> coalesce(c.count, 0)
    UNION ALL
    SELECT l.id, 'last_time', format('Its last transaction is of %%s, and it says %%s.', z.completed_at,
                                     l.last_transaction_at)
    FROM looked_at l LEFT JOIN last z ON z.wallet_id = l.id
    WHERE l.last_transaction_at IS DISTINCT FROM z.completed_at
    UNION ALL
    SELECT wallet_id, 'sequence', format('Transaction %%s is number %%s and says it is %%s.', id, place, number)
    FROM lines WHERE number <> place
    UNION ALL
    SELECT wallet_id, 'chain', format('Transaction %%s begins at %%s, and the one before leaves %%s.', id,
                                      balance_before, left_before)
    FROM lines WHERE balance_before <> left_before
    UNION ALL
    SELECT wallet_id, 'sum', format('Transaction %%s of %%s leads from %%s to %%s.', id, change, balance_before,
                                    balance_after)
    FROM lines WHERE balance_after <> balance_before + change
    UNION ALL
    SELECT e.wallet_id, 'missing', format('The books moved %%s in transaction %%s, and no line says so.', e.change,
                                          e.booked_id)
    FROM expected_lines e LEFT JOIN lines n
      ON n.wallet_id = e.wallet_id AND n.ledger_transaction_id = e.booked_id AND n.repays = e.repays
    WHERE n.id IS NULL
    UNION ALL
    SELECT n.wallet_id, 'orphaned', format('Transaction %%s has nothing in the books that it tells of.', n.id)
    FROM lines n LEFT JOIN expected_lines e
      ON n.wallet_id = e.wallet_id AND n.ledger_transaction_id = e.booked_id AND n.repays = e.repays
    WHERE e.booked_id IS NULL
    UNION ALL
    SELECT n.wallet_id, 'amount', format('Transaction %%s says %%s, and the books moved %%s.', n.id, n.change, e.change)
    FROM lines n JOIN expected_lines e
      ON n.wallet_id = e.wallet_id AND n.ledger_transaction_id = e.booked_id AND n.repays = e.repays
    WHERE n.change <> e.change OR n.owed_change <> e.owed_change
    UNION ALL
    SELECT n.wallet_id, 'link', format('Transaction %%s is not linked with a payment as it says.', n.id)
    FROM lines n LEFT JOIN wallets_paymentrecord p ON p.id = n.payment_id
    WHERE (n.type = 'PAYMENT' AND n.payment_id IS NULL)
       OR n.metadata ->> 'payment' IS DISTINCT FROM n.payment_id::text
       OR (n.type = 'PAYMENT' AND p.wallet_id = n.wallet_id AND p.wallet_transaction_id IS DISTINCT FROM n.id)
    UNION ALL
    SELECT l.id, 'state', format('It is closed, and account %%s is %%s.', a.code, a.status)
    FROM looked_at l JOIN ledger_account a ON a.id IN (l.account_id, l.reserved_id, l.owed_id)
    WHERE (l.state = 'CLOSED') <> (a.status = 'CLOSED')
)
SELECT l.id, l.program_id, coalesce(c.count, 0), f.what, f.says
FROM looked_at l LEFT JOIN counted c ON c.wallet_id = l.id LEFT JOIN found f ON f.id = l.id
ORDER BY l.id, f.what, f.says
"""

_PAYMENTS: Final = """
WITH looked_at AS (
    SELECT p.* FROM wallets_paymentrecord p
    WHERE p.id > %(after)s AND (%(program)s::uuid IS NULL OR p.program_id = %(program)s)
      AND (%(wallet)s::uuid IS NULL OR p.wallet_id = %(wallet)s)
    ORDER BY p.id LIMIT %(limit)s
), given_back AS (
    SELECT l.id, sum(e.amount) AS amount
    FROM looked_at l JOIN ledger_transaction t ON t.corrects_id = l.ledger_transaction_id AND t.kind = 'REFUND'
    JOIN ledger_entry e ON e.transaction_id = t.id AND e.debit_account_id = l.payee_id
    WHERE t.metadata ->> 'payment' = l.id::text GROUP BY l.id
), found AS (
    SELECT l.id, 'payment_link' AS what, 'The wallet transaction that it names does not name it.' AS says
    FROM looked_at l LEFT JOIN wallets_wallettransaction t ON t.id = l.wallet_transaction_id
    WHERE l.wallet_transaction_id IS NOT NULL
      AND (t.payment_id IS DISTINCT FROM l.id OR t.wallet_id IS DISTINCT FROM l.wallet_id
           OR t.ledger_transaction_id IS DISTINCT FROM l.ledger_transaction_id OR t.amount <> l.amount)
    UNION ALL
    SELECT l.id, 'payment_unbooked', format('It is %%s, and nothing was booked.', l.state)
    FROM looked_at l WHERE l.state NOT IN ('PENDING', 'FAILED', 'REVIEW')
      AND (l.ledger_transaction_id IS NULL OR l.method = 'WALLET' AND l.wallet_transaction_id IS NULL)
    UNION ALL
    SELECT l.id, 'payment_half_done', 'It was paid from a wallet, and is not paid.'
    FROM looked_at l WHERE l.method = 'WALLET' AND l.state = 'PENDING'
    UNION ALL
    SELECT l.id, 'payment_refunded', format('It says that %%s was refunded, and the books %%s.', l.refunded,
                                            coalesce(g.amount, 0))
    FROM looked_at l LEFT JOIN given_back g ON g.id = l.id WHERE l.refunded <> coalesce(g.amount, 0)
    UNION ALL
    SELECT l.id, 'payment_state', format('It is %%s, and %%s of %%s was refunded.', l.state, l.refunded, l.amount)
    FROM looked_at l WHERE l.state = 'PARTIALLY_REFUNDED' AND l.refunded = l.amount
)
SELECT l.id, l.program_id, 1, f.what, f.says FROM looked_at l LEFT JOIN found f ON f.id = l.id
ORDER BY l.id, f.what, f.says
"""

# What is taken out is held until it is paid or given back, and its line says so.
_WITHDRAWALS: Final = """
WITH looked_at AS (
    SELECT w.*, h.state AS hold_state, h.amount - h.captured - h.released AS left_over, h.captured, t.status,
           t.wallet_id AS line_wallet_id
    FROM wallets_withdrawal w JOIN ledger_hold h ON h.id = w.hold_id
    JOIN wallets_wallettransaction t ON t.id = w.wallet_transaction_id
    WHERE w.id > %(after)s AND (%(program)s::uuid IS NULL OR w.program_id = %(program)s)
      AND (%(wallet)s::uuid IS NULL OR w.wallet_id = %(wallet)s)
    ORDER BY w.id LIMIT %(limit)s
), found AS (
    SELECT l.id, 'withdrawal_hold' AS what,
           format('It is %%s, and its hold %%s with %%s left.', l.state, l.hold_state, l.left_over) AS says
    FROM looked_at l WHERE NOT CASE
        WHEN l.state IN ('REQUESTED', 'APPROVED', 'SENT', 'UNKNOWN')
        THEN l.hold_state = 'OPEN' AND l.left_over = l.amount
        WHEN l.state IN ('PAID', 'RETURNED') THEN l.captured = l.amount OR l.hold_state = 'RELEASED' AND l.captured = 0
        ELSE l.hold_state = 'RELEASED' AND l.captured = 0 END
    UNION ALL
    SELECT l.id, 'withdrawal_line', format('It is %%s, and its line %%s.', l.state, l.status)
    FROM looked_at l WHERE l.line_wallet_id <> l.wallet_id OR l.status <> CASE
        WHEN l.state IN ('REQUESTED', 'APPROVED', 'SENT', 'UNKNOWN') THEN 'PENDING'
        WHEN l.state IN ('PAID', 'RETURNED') THEN 'COMPLETED' ELSE 'FAILED' END
)
SELECT l.id, l.program_id, 1, f.what, f.says FROM looked_at l LEFT JOIN found f ON f.id = l.id
ORDER BY l.id, f.what, f.says
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something that does not agree, and where."""

    what: str
    program_id: UUID
    where: str
    says: str


@dataclass(slots=True)
class Scope:
    """Which wallets: all, one program's, or one; and how much was looked at."""

    program_id: UUID | None = None
    wallet_id: UUID | None = None
    wallets: int = 0
    transactions: int = 0
    payments: int = 0
    withdrawals: int = 0


def verify_wallet_integrity(scope: Scope) -> Iterator[Difference]:
    """Yield everything in ``scope`` that does not agree."""
    for row in _pages(_WALLETS, scope, WALLETS_AT_ONCE):
        if row.is_first:
            scope.wallets += 1
            scope.transactions += row.count
        yield from row.differences("wallet")
    for row in _pages(_PAYMENTS, scope, PAYMENTS_AT_ONCE):
        scope.payments += row.is_first
        yield from row.differences("payment")
    for row in _pages(_WITHDRAWALS, scope, PAYMENTS_AT_ONCE):
        scope.withdrawals += row.is_first
        yield from row.differences("withdrawal")


@dataclass(slots=True)
class _Row:
    """A line of an answer: something that was looked at, and perhaps what is wrong with it."""

    id: UUID
    program_id: UUID
    count: int
    what: str | None
    says: str | None
    is_first: bool = field(default=True)

    def differences(self, noun: str) -> Iterator[Difference]:
        if self.what and self.says:
            yield Difference(what=self.what, program_id=self.program_id, where=f"{noun}:{self.id}", says=self.says)


def _pages(statement: str, scope: Scope, limit: int) -> Iterator[_Row]:
    after = UUID(int=0)
    while True:
        asked = {"after": after, "program": scope.program_id, "wallet": scope.wallet_id, "limit": limit}
        with connection.cursor() as cursor:
            cursor.execute(statement, asked)
            page = [_Row(*row) for row in cursor.fetchall()]
        for row in page:
            row.is_first, after = row.id != after, row.id
            yield row
        if not page:
            return
