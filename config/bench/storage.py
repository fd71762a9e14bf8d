"""How much room a transaction takes: its row, its entry, and what every index keeps of the two."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from django.db import connection

from audit.context import acting_as
from config.bench.books import Books, open_books
from config.bench.frame import Benchmark, Weighed

BATCHED: Final = 500_000
SINGLE: Final = 50_000
BYTES_AT_MOST: Final = 550

_ROOM: Final = "SELECT sum(pg_total_relation_size(name)) FROM unnest(%s::regclass[]) AS name"
_TABLES: Final = ["ledger_transaction", "ledger_entry"]


def _room() -> int:
    with connection.cursor() as cursor:
        cursor.execute(_ROOM, [_TABLES])
        return int(cursor.fetchone()[0])


def _grows(post: Callable[[int], None], count: int) -> Callable[[], float]:
    def weigh() -> float:
        before = _room()
        post(count)
        return (_room() - before) / count

    return weigh


@contextmanager
def _contenders() -> Iterator[Sequence[Weighed]]:
    with acting_as("command", "bench"):
        books: Books = open_books()
        yield (
            Weighed("a transaction with its entry, one by one", "bytes", _grows(books.one_by_one, SINGLE),
                    BYTES_AT_MOST),
            Weighed("a transaction with its entry, in batches", "bytes", _grows(books.in_batches, BATCHED),
                    BYTES_AT_MOST),
        )  # fmt: skip


STORAGE: Final = Benchmark(
    name="storage",
    question="How much room does a transaction between two accounts take, indexes included?",
    contenders=_contenders,
    figures=(),
    rounds_at_most=1,
)
