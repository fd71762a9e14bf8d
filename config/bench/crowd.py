"""Does an account that everybody posts to hold them up? Eight processes, each posting one transaction after the other.

What processes wait for each other, and for the disk, differs from second to second much more than any two of these
figures do: turns are short, next to each other, and many.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.pool import Pool
from typing import Final

from django.db import connection

from audit.context import acting_as
from config.bench.books import Books, open_books
from config.bench.frame import Benchmark, Contender, Figure

PROCESSES: Final = 8
EACH: Final = 300


@contextmanager
def _contenders() -> Iterator[Sequence[Contender]]:
    with acting_as("command", "bench"):
        books = open_books()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        connection.close()  # nothing of it may be in two processes
        with get_context("fork").Pool(PROCESSES) as processes:
            yield (
                Contender("post, any accounts", PROCESSES * EACH, lambda: _at_once(processes, books, hot=False)),
                Contender("post, one system account", PROCESSES * EACH, lambda: _at_once(processes, books, hot=True)),
            )


def _at_once(processes: Pool, books: Books, *, hot: bool) -> None:
    processes.starmap(_one_by_one, [(books, hot)] * PROCESSES, chunksize=1)


def _one_by_one(books: Books, hot: bool) -> None:
    books.shuffle()  # each process begins with the same chances
    books.one_by_one(EACH, hot=hot)


CROWD: Final = Benchmark(
    name="crowd",
    question="Does an account that everybody posts to hold up eight processes?",
    contenders=_contenders,
    figures=(Figure("one account in all, against any", "post, one system account", "post, any accounts", 0.95),),
    turns=6,
)
