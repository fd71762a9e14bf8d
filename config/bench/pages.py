"""What depth costs: a page at the far end of a long list against its second page, and against OFFSET.

The second and not the first, because the first has no cursor to read and no link back to make.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from config.api.pagination import SeekPagination, cursor_at
from config.bench.frame import Benchmark, Contender, Figure
from identity.models import Program

ROWS = 100_000
PAGES_READ = 40
SIZE = 50

_FILL = """
INSERT INTO identity_program (id, name, slug, status, time_zone, default_asset_code, created_at)
SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid, 'Program ' || number,
       'program-' || number, 'ACTIVE', 'UTC', 'USD', now() - number * interval '1 second'
FROM generate_series(1, %s) AS number
"""


class _ByAge:
    """Stands for the view: what may be sorted by."""

    ordering = ("-id",)
    ordering_fields = ("id", "created_at")


@contextmanager
def _contenders() -> Iterator[Sequence[Contender]]:
    with connection.cursor() as cursor:
        cursor.execute(_FILL, [ROWS])
        cursor.execute("ANALYZE identity_program")
    early = cursor_at(Program.objects.order_by("-id")[SIZE], ordering=("-id",))
    deep = cursor_at(Program.objects.order_by("id")[SIZE], ordering=("-id",))

    def seek(cursor: str) -> None:
        for _ in range(PAGES_READ):
            page(cursor)

    def offset(start: int) -> None:
        for _ in range(PAGES_READ):
            list(Program.objects.order_by("-id")[start : start + SIZE + 1])

    yield (
        Contender("seek, second page", PAGES_READ, lambda: seek(early)),
        Contender("seek, last page", PAGES_READ, lambda: seek(deep)),
        Contender("OFFSET, last page", PAGES_READ, lambda: offset(ROWS - SIZE - 1)),
    )


def page(cursor: str) -> dict[str, Any]:
    """Read one page as the API does."""
    query = {"page_size": str(SIZE), "cursor": cursor}
    paginator = SeekPagination()
    paginator.paginate_queryset(
        Program.objects.all(), Request(APIRequestFactory(SERVER_NAME="localhost").get("/", query)), _ByAge()
    )
    answer: dict[str, Any] = paginator.get_paginated_response([]).data
    return answer


PAGES = Benchmark(
    name="pages",
    question=f"How much slower is the last page of a list of {ROWS:,} rows than the second?",
    contenders=_contenders,
    figures=(
        Figure("the last page against the second", "seek, last page", "seek, second page", 0.9),
        Figure("the last page against OFFSET", "seek, last page", "OFFSET, last page", 2.0),
    ),
)
