"""Does posting grow slower with the books? The same postings on the grown ledger and on an empty one, in turn."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from django.db import connection

from config.bench.books import ACCOUNTS, Books, open_books
from config.bench.frame import Benchmark, Contender, Figure
from config.bench.grown import Grown
from config.bench.scratch import scratch_database

BATCHED: Final = 10_000
SINGLE: Final = 500


@contextmanager
def _contenders(books: Grown) -> Iterator[Sequence[Contender]]:
    full = connection.settings_dict["NAME"]
    # As many accounts as in the empty one, from all over the ring.
    accounts = list(books.ring[:: max(len(books.ring) // ACCOUNTS, 1)])
    grown = Books(books.program.pk, accounts, books.expense)
    with scratch_database():
        empty = connection.settings_dict["NAME"]
        fresh = open_books()
        yield (
            Contender("in batches, grown", BATCHED, _in(full, lambda: grown.in_batches(BATCHED))),
            Contender("in batches, empty", BATCHED, _in(empty, lambda: fresh.in_batches(BATCHED))),
            Contender("one by one, grown", SINGLE, _in(full, lambda: grown.one_by_one(SINGLE))),
            Contender("one by one, empty", SINGLE, _in(empty, lambda: fresh.one_by_one(SINGLE))),
        )


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
        Figure("one by one", "one by one, grown", "one by one, empty", 0.9),
    ),
)
