"""One house for all tests of a module, in a transaction that is never committed; what a test does is undone."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from tests.access.world import World


@pytest.fixture(scope="module")
def furnished(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        # As Django marks its own tests' transaction: what must be outermost elsewhere may stand inside this one.
        transaction.get_connection().atomic_blocks[-1]._from_testcase = True
        yield World()
        transaction.set_rollback(True)


@pytest.fixture
def world(furnished: World, db: None) -> World:
    return furnished
