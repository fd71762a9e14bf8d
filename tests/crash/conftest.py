"""The order of the worker tests, and the house that several modules run in."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.crash.backups import KeptHouse
from tests.crash.house import House
from tests.crash.servers import open_folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of one broker together and in the order written, so that its clusters start only once."""
    places = [place for place, item in enumerate(items) if "broker_name" in _parameters(item)]
    ours = sorted((items[place] for place in places), key=_order)
    for place, item in zip(places, ours, strict=True):
        items[place] = item


def _parameters(item: pytest.Item) -> dict[str, str]:
    call = getattr(item, "callspec", None)
    return call.params if call else {}


def _order(item: pytest.Item) -> tuple[str, int]:
    return _parameters(item)["broker_name"], item.location[1] or 0


@pytest.fixture(scope="package")
def house(django_db_blocker: Any) -> Iterator[House]:
    """A house that is killed in parts and as a whole; everything in it commits."""
    with open_folder() as folder, django_db_blocker.unblock():
        house = House(folder)
        yield house
        house.remove()


@pytest.fixture(scope="package")
def kept_house(django_db_blocker: Any) -> Iterator[KeptHouse]:
    """A server with an archive; whoever breaks it mends it."""
    with open_folder() as folder, django_db_blocker.unblock():
        kept = KeptHouse(folder)
        try:
            kept.open()
            yield kept
        finally:
            kept.server.release()
            if kept.server.answers():
                kept.server.stop()


@pytest.fixture
def kept(kept_house: KeptHouse, settings: Any) -> KeptHouse:
    """The same, with its own anchor file."""
    settings.AUDIT_ANCHOR_FILE = kept_house.anchors
    return kept_house
