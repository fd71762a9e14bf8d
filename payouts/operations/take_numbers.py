"""Take the next number of a sequence; none comes twice, and one that is not used is gone."""

from typing import Literal

from django.db import connection


def take_numbers(of: Literal["batch_number", "reference"], *, count: int) -> list[int]:
    """Return the next numbers."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT nextval('payouts_{of}') FROM generate_series(1, %s)", [count])  # noqa: S608
        return [number for (number,) in cursor.fetchall()]
