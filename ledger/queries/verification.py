"""Do the books agree with themselves? What is asked, what is found, and the sums over all of them.

Every page that is looked at is one snapshot, and what it compares stands in one statement: the answer is right while
others book, and in a transaction of somebody else's too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Lock
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from audit.queries.tailing import this_database
from ledger.models import Verification

# Less an hour, so that a weekly one is not put off a night by a run that takes a minute longer.
FULL_EVERY: Final = timedelta(days=7) - timedelta(hours=1)

_SUMS: Final = """
SELECT a.program_id, x.code, sum(CASE WHEN a.account_class IN ('ASSET', 'EXPENSE') THEN b.amount ELSE -b.amount END),
       coalesce(sum(b.amount) FILTER (WHERE a.role = 'PAYOUTS'), 0)
FROM ledger_balance b JOIN ledger_account a ON a.id = b.account_id JOIN ledger_asset x ON x.id = a.asset_id
WHERE %(program)s::uuid IS NULL OR a.program_id = %(program)s
GROUP BY a.program_id, x.code ORDER BY a.program_id, x.code
"""

# Pages are short stretches of indexes. A planner that has guessed wrong would read a table whole for each, and one
# connection of the house's is enough for what nobody waits for.
_PLANS: Final = """
SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true), set_config('work_mem', '64MB', true),
       set_config('max_parallel_workers_per_gather', '0', true)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something that does not agree, and where."""

    what: str
    program_id: UUID
    where: str
    says: str


@dataclass(slots=True)
class Examined:
    """How much was looked at, by however many at once."""

    accounts: int = 0
    sides: int = 0
    _turn: Lock = field(default_factory=Lock, repr=False, compare=False)

    def add(self, *, accounts: int = 0, sides: int = 0) -> None:
        with self._turn:
            self.accounts += accounts
            self.sides += sides


@dataclass(frozen=True, slots=True)
class Total:
    """What a program's balances of one asset come to; in balance it is zero."""

    program_id: UUID
    asset: str
    imbalance: Decimal
    payouts: Decimal


@dataclass(slots=True, kw_only=True)
class Scope:
    """Which books, all, one program's or one account, and from where on: the last checkpoint, if nothing is said."""

    program_id: UUID | None = None
    account_id: int | None = None
    is_full: bool = False  # from the first entry on
    since: datetime | None = None  # from the first entry behind this time on
    examined: Examined = field(default_factory=Examined)

    @property
    def believes_checkpoints(self) -> bool:
        return not self.is_full and self.since is None


def last_verification(*, program_id: UUID | None) -> Verification | None:
    """Return how far the books were verified; where the whole house's were, each program's were too.

    Only what was verified here: another database has counted its transactions differently.
    """
    known = Verification.objects.filter(system_identifier=this_database().system_identifier)
    ours = known.filter(program=program_id) | known.filter(program=None)
    return ours.order_by("-horizon").first()


def is_full_due(*, program_id: UUID | None, at: datetime) -> bool:
    """Whether the books are to be verified from the beginning tonight: once a week checkpoints are not believed."""
    last = last_verification(program_id=program_id)
    return last is None or last.verified_in_full_at <= at - FULL_EVERY


@contextmanager
def snapshot() -> Iterator[None]:
    """Look at one state of the books for the block, and change nothing."""
    is_ours = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if is_ours:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(_PLANS)
        yield


def totals(*, program_id: UUID | None = None) -> list[Total]:
    """Return the sums over all balances, by program and asset."""
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, {"program": program_id})
        return [Total(*row) for row in cursor.fetchall()]


def verify_totals(scope: Scope) -> Iterator[Difference]:
    """Yield the assets whose balances don't come to zero, or in which a payout has not passed through."""
    for total in totals(program_id=scope.program_id):
        if total.imbalance:
            says = f"The balances come to {total.imbalance} instead of zero."
            yield Difference(what="imbalance", program_id=total.program_id, where=total.asset, says=says)
        if total.payouts:
            says = f"{total.payouts} stand where payouts only pass through."
            yield Difference(what="payouts", program_id=total.program_id, where=total.asset, says=says)
