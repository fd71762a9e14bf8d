"""Seeking through pages: every row once, in order, whatever happens to the table meanwhile."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from identity.models import Program, User
from tests.factories import ProgramFactory

pytestmark = pytest.mark.django_db

URL = "/api/v2/programs"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def walk(client: Any, url: str, link: str = "next") -> list[list[str]]:
    """Follow the links and return the slugs, page by page."""
    pages = []
    while url:
        body = client.get(url).json()
        pages.append([row["slug"] for row in body["results"]])
        url = body[link]
        assert len(pages) < 50
    return pages


def flat(pages: list[list[str]]) -> list[str]:
    return [slug for page in pages for slug in page]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(st.sampled_from(["a", "b", "c", 'd"', "é\\", " e"]), min_size=1, max_size=12),
    ordering=st.sampled_from(["name", "-name", "created_at", "-created_at", "name,-created_at", "-name,slug"]),
    size=st.integers(min_value=1, max_value=5),
)
def test_every_row_once_in_order_forwards_and_backwards(
    api_as: Any, alice: User, names: list[str], ordering: str, size: int
) -> None:
    Program.objects.exclude(slug="house").delete()
    for position, name in enumerate(names):
        # Equal names and equal times, so that ties must be told apart by something.
        ProgramFactory(slug=f"p{position}", name=name, created_at=NOON + timedelta(hours=position % 3))
    fields = ordering.split(",")
    last = "-id" if fields[-1].startswith("-") else "id"
    expected = list(Program.objects.order_by(*fields, last).values_list("slug", flat=True))
    client = api_as(alice)

    forwards = walk(client, f"{URL}?ordering={ordering}&page_size={size}")

    assert flat(forwards) == expected
    assert all(len(page) == size for page in forwards[:-1])
    final = client.get(f"{URL}?ordering={ordering}&page_size={size}").json()
    while final["next"]:
        final = client.get(final["next"]).json()
    backwards = [[row["slug"] for row in final["results"]]]
    if final["previous"]:
        backwards += walk(client, final["previous"], link="previous")
    assert flat(backwards[::-1]) == expected


def test_rows_that_arrive_meanwhile_shift_nothing(api_as: Any, alice: User) -> None:
    ProgramFactory.create_batch(5)
    before = list(Program.objects.order_by("-id").values_list("slug", flat=True))
    client = api_as(alice)
    first = client.get(f"{URL}?page_size=3").json()

    ProgramFactory.create_batch(4)

    rest = walk(client, first["next"])
    assert [row["slug"] for row in first["results"]] + flat(rest) == before


def test_a_cursor_of_one_ordering_is_refused_by_another(api_as: Any, alice: User) -> None:
    ProgramFactory.create_batch(3)
    client = api_as(alice)
    following = client.get(f"{URL}?page_size=1&ordering=name").json()["next"]

    answer = client.get(following.replace("ordering=name", "ordering=-name"))

    assert answer.status_code == 400
    assert "cursor" in answer.json()["params"]["fields"]


def test_a_cursor_that_was_tampered_with_shows_nothing_of_others(api_as: Any, bob: User, charlie: User) -> None:
    ProgramFactory.create_batch(3)
    cursor = "WyJuZXh0IiwiLWlkIiwiZmZmZmZmZmYtZmZmZi1mZmZmLWZmZmYtZmZmZmZmZmZmZmZmIl0"  # beyond the newest row

    shown = api_as(bob).get(f"{URL}?cursor={cursor}").json()["results"]

    assert [row["slug"] for row in shown] == ["acme"]


def test_the_filter_stays_in_the_links(api_as: Any, alice: User) -> None:
    for number in range(4):
        ProgramFactory(slug=f"resting-{number}", status="PAUSED")
    ProgramFactory.create_batch(4)

    pages = walk(api_as(alice), f"{URL}?status=PAUSED&page_size=3&ordering=slug")

    assert pages == [["resting-0", "resting-1", "resting-2"], ["resting-3"]]
