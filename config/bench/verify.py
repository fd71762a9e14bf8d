"""What proof costs: every running balance and every digest computed again, against merely adding the entries up."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from django.db import connection
from django.utils import timezone

from config.bench.frame import Benchmark, Contender, Figure, Weighed, peak_mb
from config.bench.grown import Grown
from ledger.operations import verify_books
from ledger.queries.digests import verify_digests
from ledger.queries.verification import Scope

ENTRIES_A_SECOND: Final = 200_000
MEMORY_MB: Final = 64

# The least anybody could do: one number for each account, and nobody learns which entry is wrong.
_ADD_UP: Final = """
SELECT count(*), sum(change) FROM (
    SELECT account_id, sum(change) AS change FROM (
        SELECT debit_account_id AS account_id, amount AS change FROM ledger_entry
        UNION ALL
        SELECT credit_account_id, -amount FROM ledger_entry
    ) sides GROUP BY account_id
) accounts
"""


@contextmanager
def _contenders(books: Grown) -> Iterator[Sequence[Contender | Weighed]]:
    def verify(*, is_full: bool) -> None:
        found = list(verify_books(Scope(is_full=is_full), at=timezone.now()))
        assert not found, found[0]

    def digests() -> None:
        assert not list(verify_digests(Scope(is_full=True), horizon=None))

    before = peak_mb()
    yield (
        Contender("ledger_verify --full", books.entries, lambda: verify(is_full=True), wanted=ENTRIES_A_SECOND),
        Contender("of it, digests", books.entries, digests),
        Contender("ledger_verify", books.entries, lambda: verify(is_full=False)),
        Contender("adding up", books.entries, _add_up),
        Weighed("what proving adds to the most memory ever used", "MB", lambda: peak_mb() - before, MEMORY_MB),
    )


def _add_up() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")  # on one core
        cursor.execute(_ADD_UP)
        cursor.execute("RESET max_parallel_workers_per_gather")


VERIFY = Benchmark(
    name="verify",
    question="What does proving the whole ledger cost beside adding its entries up?",
    contenders=_contenders,
    needs_books=True,
    rounds_at_most=2,
    figures=(
        Figure("from the beginning, against adding up", "ledger_verify --full", "adding up", 0.08),
        Figure("from the last checkpoint, against the beginning", "ledger_verify", "ledger_verify --full", 10),
    ),
)
