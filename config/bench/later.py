"""Does posting grow slower with the books? The same postings on the grown ledger and on an empty one, in turn.

The empty one has as many accounts, and those that are posted to lie as far apart: only what was booked differs.
A third is empty and has no other accounts than these. Against that one the accounts count as well.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from django.db import connection

from config.bench.books import ACCOUNTS, Books, open_books
from config.bench.frame import Benchmark, Contender, Figure
from config.bench.grown import Grown, sow
from config.bench.scratch import scratch_database

BATCHED: Final = 20_000
SINGLE: Final = 1_500


@contextmanager
def _contenders(books: Grown) -> Iterator[Sequence[Contender]]:
    full = connection.settings_dict["NAME"]
    grown = _spread(books)
    with scratch_database():
        empty = connection.settings_dict["NAME"]
        sown = _spread(sow(accounts=len(books.ring)))
        with scratch_database():
            small = connection.settings_dict["NAME"]
            alone = open_books()
            yield (
                Contender("in batches, grown", BATCHED, _in(full, lambda: grown.in_batches(BATCHED))),
                Contender("in batches, empty", BATCHED, _in(empty, lambda: sown.in_batches(BATCHED))),
                Contender("in batches, empty and few accounts", BATCHED, _in(small, lambda: alone.in_batches(BATCHED))),
                Contender("one by one, grown", SINGLE, _in(full, lambda: grown.one_by_one(SINGLE))),
                Contender("one by one, empty", SINGLE, _in(empty, lambda: sown.one_by_one(SINGLE))),
            )


def _spread(books: Grown) -> Books:
    """Return a thousand of the accounts, from all over the ring."""
    accounts = list(books.ring[:: max(len(books.ring) // ACCOUNTS, 1)])
    return Books(books.program.pk, accounts, books.expense)


def _in(database: str, do: Callable[[], None]) -> Callable[[], None]:
    def there() -> None:
        connection.close()
        connection.settings_dict["NAME"] = database
        do()

    return there


LATER = Benchmark(
    name="later",
    question="Does posting grow slower with the books?",
    contenders=_contenders,
    needs_books=True,
    figures=(
        Figure("in batches", "in batches, grown", "in batches, empty", 0.9),
        Figure(
            "in batches, a hundred times the accounts", "in batches, grown", "in batches, empty and few accounts", None
        ),
        Figure("one by one", "one by one, grown", "one by one, empty", 0.9),
    ),
)
