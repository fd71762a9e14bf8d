"""What lets a list of a million rows open as fast as one of a thousand: nothing of it reads all of them.

Django counts every row, looks through all of them for the values that its filters offer, and again for the dates. Here
rows are counted up to a limit, values are those of the latest rows, and dates are the steps between the first row and
the last. Beyond the limit nobody turns pages: one searches, filters, or picks a day.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import cached_property

COUNTED_AT_MOST: Final = 50_000
LATEST_ROWS: Final = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than ``COUNTED_AT_MOST``, and offers pages as far."""

    # Whether the list is the whole table, so that the database's own estimate of the table is one of the list. Beside a
    # part of it, it would tell how much there is in the rest.
    is_whole = False

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[: COUNTED_AT_MOST + 1].count())

    @cached_property
    def count(self) -> int:
        return min(self._counted, COUNTED_AT_MOST)

    @cached_property
    def count_in_words(self) -> str:
        """How many rows there are, as the page says it."""
        if self._counted <= COUNTED_AT_MOST:
            return f"{self._counted:,}"
        estimate = _estimate(self.object_list) if self.is_whole else 0
        return f"about {_rounded(estimate)}" if estimate > COUNTED_AT_MOST else f"more than {COUNTED_AT_MOST:,}"


def _estimate(rows: Any) -> int:
    """Return how many rows the database thinks the table has; -1 while it has never looked."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [f'"{rows.model._meta.db_table}"']
        )
        return int(cursor.fetchone()[0])


def _rounded(count: int) -> str:
    if count >= 999_500:
        return f"{count / 1_000_000:.1f} million"
    return f"{round(count, -3):,}"


class LatelyFilter(admin.AllValuesFieldListFilter):
    """Offers the values that the latest rows have; another one can still be typed into the address."""

    def __init__(self, field: Any, request: Any, params: Any, model: Any, model_admin: Any, field_path: str) -> None:
        super().__init__(field, request, params, model, model_admin, field_path)
        self.lookup_choices: Any = _lately(model_admin.get_queryset(request), field.name)


def _lately(rows: QuerySet[Any], column: str) -> list[Any]:
    latest, params = rows.order_by("-pk").values_list(column)[:LATEST_ROWS].query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT * FROM ({latest}) AS latest ORDER BY 1", params)  # noqa: S608
        return [value for (value,) in cursor.fetchall()]


class LongChangeList(ChangeList):
    """A list whose dates are the steps between its first row and its last."""

    @cached_property
    def dates(self) -> "DateSteps":
        return DateSteps(self)


class DateSteps:
    """Stands before Django's drill-down into dates as the list, and as the rows that it would search for dates.

    Ids begin with the time of a row, so the first and the last are found by the primary key.
    """

    def __init__(self, changelist: Any) -> None:
        self.date_hierarchy, self.model = changelist.date_hierarchy, changelist.model
        self.params, self.get_query_string = changelist.params, changelist.get_query_string
        self.queryset = self
        times = changelist.root_queryset.values_list(self.date_hierarchy, flat=True)
        ends = [timezone.localtime(at) for order in ("pk", "-pk") for at in times.order_by(order)[:1]]
        self.first: datetime | None = min(ends, default=None)
        self.last: datetime | None = max(ends, default=None)

    def aggregate(self, **_: Any) -> dict[str, datetime | None]:
        """Return the first time and the last."""
        return {"first": self.first, "last": self.last}

    def datetimes(self, _field: str, kind: str) -> list[datetime]:
        """Return every year, month or day between them that lies in the year and the month that were chosen."""
        if self.first is None or self.last is None:
            return []
        year = int(self.params.get(f"{self.date_hierarchy}__year", self.first.year))
        month = int(self.params.get(f"{self.date_hierarchy}__month", self.first.month))
        steps = _steps(self.first.replace(hour=0, minute=0, second=0, microsecond=0), self.last, kind)
        if kind == "year":
            return list(steps)
        return [step for step in steps if step.year == year and (kind == "month" or step.month == month)]


def _steps(first: datetime, last: datetime, kind: str) -> Iterator[datetime]:
    at = first if kind == "day" else first.replace(day=1) if kind == "month" else first.replace(day=1, month=1)
    while at <= last:
        yield at
        if kind == "day":
            at += timedelta(days=1)
        elif kind == "year" or at.month == 12:
            at = at.replace(year=at.year + 1, month=1)
        else:
            at = at.replace(month=at.month + 1)
