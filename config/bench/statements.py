"""What a rail's statement of a hundred thousand lines costs: taken in, looked at, and held against what was sent."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from typing import Final

from django.db import connection
from django.utils import timezone

from audit.context import acting_as
from config.bench.frame import Benchmark, Sampled
from config.bench.intents import Books
from config.bench.paying import Counter, till_of, took
from payouts import operations
from payouts.queries.statement_checking import left_over
from payouts.queries.statements import counted, matches
from wallets.models import RailStatement
from wallets.operations import import_statement

LINES: Final = 100_000
NAMELESS: Final = 100  # of these: known by amount and day alone, or not at all
TAKING_MS: Final = 15_000
MATCHING_MS: Final = 10_000

# As many payments as lines, made of those that were really sent: what a guard would ask of each is not asked here.
_ATTEMPTS: Final = """
INSERT INTO payouts_attempt (
    id, program_id, payout_id, part_id, number, rail_account_id, reference, amount, state, wire, rail_reference,
    receipt, code, reason, evidence, trouble, stored_at, called_at, answered_at, settled_at, asked)
SELECT gen_random_uuid(), program_id, payout_id, part_id, n.number + 1, rail_account_id, 'B' || n.number || reference,
       10 + n.number, 'CONFIRMED', '{}', '', 'B' || n.number || receipt, '', '', '{}', '', stored_at, called_at,
       answered_at, settled_at, 0
FROM payouts_attempt CROSS JOIN generate_series(1, %s) AS n (number)
"""
_LINES: Final = """
SELECT string_agg(concat_ws(',', 'ENTRY', %(at)s, -amount, 1e12 - total, 'KES',
                            CASE WHEN place %% %(nameless)s = 0 THEN 'X' || place ELSE receipt END), E'\n'
                  ORDER BY place),
       1e12 - sum(amount)
FROM (
    SELECT amount, receipt, row_number() OVER w AS place, sum(amount) OVER w AS total
    FROM payouts_attempt WINDOW w AS (ORDER BY id)
) attempts
"""


class _Rail:
    """A rail account that has paid a hundred thousand times, and what the rail says of it."""

    def __init__(self) -> None:
        counter = Counter(Books(), till_of)
        counter.approve()
        self.account, self.program = counter.account, counter.program
        operations.send_due(self.account.pk, holder="bench", seconds_at_most=600, groups_at_most=1)
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE payouts_attempt DISABLE TRIGGER USER")
            cursor.execute("SELECT count(*) FROM payouts_attempt")
            cursor.execute(_ATTEMPTS, [LINES // int(cursor.fetchone()[0]) - 1])
            cursor.execute("ALTER TABLE payouts_attempt ENABLE TRIGGER USER")
            cursor.execute("ANALYZE")
        self.content = self._written()

    def _written(self) -> bytes:
        now = timezone.now()
        with connection.cursor() as cursor:
            cursor.execute(_LINES, {"at": now.isoformat(), "nameless": LINES // NAMELESS})
            lines, closing = cursor.fetchone()
        begins_at, ends_at = (now - timedelta(days=1)).isoformat(), (now + timedelta(days=2)).isoformat()
        return (
            f"type,at,amount,balance,asset,reference\nOPENING,{begins_at},,{10**12},KES,\n{lines}\n"
            f"CLOSING,{ends_at},,{closing},KES,\n"
        ).encode()

    def take_in(self) -> None:
        """Take it in, as it came."""
        done = import_statement(
            self.account.pk, program_id=self.program.pk, file=BytesIO(self.content), at=timezone.now()
        )
        assert len(done.verdicts) == LINES, len(done.verdicts)

    def look(self) -> None:
        """Say of each line what it is, as its page does."""
        statement = RailStatement.objects.defer("content").get()
        summed = counted(statement)
        assert summed.by_name == LINES - NAMELESS, summed
        matches(statement, limit=100)

    def check(self) -> None:
        """Ask what is asked every night."""
        assert left_over(self.program.pk)[0] == LINES


@contextmanager
def _contenders() -> Iterator[Sequence[Sampled]]:
    with acting_as("command", "bench"):
        rail = _Rail()
        yield (
            Sampled(f"taking in a statement of {LINES:,} lines", lambda: took(rail.take_in), TAKING_MS),
            Sampled("its page, each line beside what it is", lambda: took(rail.look, times=3), MATCHING_MS),
            Sampled("holding it against as many payments", lambda: took(rail.check, times=3), MATCHING_MS),
        )


STATEMENTS: Final = Benchmark(
    name="statements",
    question="How long does a rail's statement of a hundred thousand lines take?",
    contenders=_contenders,
    figures=(),
    rounds_at_most=1,
)
