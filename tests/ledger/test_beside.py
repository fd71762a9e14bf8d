"""Looking at two things at the same time: everything is found, faults come through, and nobody waits for ever."""

import threading
from collections.abc import Iterator
from itertools import count

import pytest
from django.db import connection

from ledger.queries.beside import beside


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_it_looks_on_a_connection_of_its_own_meanwhile() -> None:
    looks, here = threading.Event(), backend()

    def look() -> Iterator[int]:
        looks.set()
        yield backend()
        yield from range(5_000)

    with beside(look) as found:
        assert looks.wait(timeout=30)
        first, *rest = found()

    assert first != here
    assert rest == list(range(5_000))


@pytest.mark.django_db
def test_in_a_transaction_it_looks_when_it_is_asked() -> None:
    with beside(lambda: iter([backend()])) as found:
        assert list(found()) == [backend()]


@pytest.mark.django_db(transaction=True)
def test_its_fault_is_raised_where_it_is_asked() -> None:
    def breaks() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), beside(breaks) as found:
        list(found())


@pytest.mark.django_db(transaction=True)
def test_who_leaves_early_takes_it_along() -> None:
    with beside(lambda: count()) as found:
        assert next(found()) == 0

    assert not [thread for thread in threading.enumerate() if thread.name == "beside"]


@pytest.mark.django_db(transaction=True)
def test_a_fault_of_the_other_ends_it() -> None:
    with pytest.raises(KeyError), beside(lambda: count()):
        raise KeyError
