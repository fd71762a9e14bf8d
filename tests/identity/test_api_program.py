"""/api/v2/programs: the model for every route that follows."""

from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from identity.models import Program, User
from tests.factories import MembershipFactory, ProgramFactory

pytestmark = pytest.mark.django_db

URL = "/api/v2/programs"


def test_lists_the_caller_s_programs(api_as: Any, bob: User, charlie: User) -> None:
    answer = api_as(bob).get(URL)

    assert answer.status_code == 200
    assert answer.json()["next"] is None
    assert answer.json()["previous"] is None
    [shown] = answer.json()["results"]
    program = Program.objects.get(slug="acme")
    assert shown == {
        "id": str(program.pk),
        "name": "Acme",
        "slug": "acme",
        "status": "ACTIVE",
        "time_zone": "UTC",
        "default_asset_code": "USD",
        "base_commission_rate": None,
        "override_commission_rate": None,
        "created_at": shown["created_at"],
    }
    assert shown["created_at"].endswith("Z")


def test_staff_of_the_house_list_all(api_as: Any, alice: User, bob: User, charlie: User) -> None:
    answer = api_as(alice).get(URL)

    assert {row["slug"] for row in answer.json()["results"]} == {"house", "acme", "other"}


def test_shows_one(api_as: Any, bob: User) -> None:
    program = Program.objects.get(slug="acme")

    assert api_as(bob).get(f"{URL}/{program.pk}").json()["slug"] == "acme"


def test_another_s_program_is_not_there(api_as: Any, bob: User, charlie: User) -> None:
    foreign = Program.objects.get(slug="other")

    answer = api_as(bob).get(f"{URL}/{foreign.pk}")

    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"
    assert answer.json() == {**api_as(bob).get(f"{URL}/{uuid4()}").json(),
                             "correlation_id": answer.json()["correlation_id"]}  # fmt: skip


@pytest.mark.parametrize("identifier", ["1", "x", "%00", "../programs", "acme", "a" * 300])
def test_what_is_no_id_is_not_there(api_as: Any, bob: User, identifier: str) -> None:
    answer = api_as(bob).get(f"{URL}/{identifier}")

    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_a_stranger_is_asked_to_sign_in(api: APIClient, program: Program) -> None:
    for url in (URL, f"{URL}/{program.pk}"):
        answer = api.get(url)

        assert answer.status_code == 401
        assert answer.json()["code"] == "not_authenticated"
        assert answer["WWW-Authenticate"] == "Session, Bearer, Api-Key"


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_the_list_itself_is_not_changed(api_as: Any, alice: User, method: str) -> None:
    answer = getattr(api_as(alice), method)(URL, {"name": "x"})

    assert answer.status_code == 405
    assert answer.json()["code"] == "method_not_allowed"
    assert answer.json()["params"] == {"method": method.upper()}
    assert Program.objects.count() == 1


def test_filters_by_slug_and_status(api_as: Any, alice: User, program: Program) -> None:
    ProgramFactory(slug="resting", status="PAUSED")

    def slugs(query: str) -> list[str]:
        return [row["slug"] for row in api_as(alice).get(f"{URL}?{query}").json()["results"]]

    assert slugs("slug=acme") == ["acme"]
    assert slugs("status=PAUSED") == ["resting"]
    assert set(slugs("status=PAUSED&status=ACTIVE")) == {"house", "acme", "resting"}
    assert slugs("created_before=2001-01-01T00:00:00Z") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("slgu=acme", "slgu"),
        ("status=GONE", "status"),
        ("created_after=yesterday", "created_after"),
        ("slug=%00", "slug"),
        ("ordering=settings", "ordering"),
        ("ordering=", "ordering"),
        ("page_size=0", "page_size"),
        ("page_size=201", "page_size"),
        ("page_size=1e2", "page_size"),
        ("page_size=%D9%A3", "page_size"),
        ("cursor=nonsense", "cursor"),
        ("cursor=bnVsbA", "cursor"),
        ("cursor=WyJuZXh0IiwiLWlkIiwieCJd", "cursor"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(api_as: Any, alice: User, query: str, field: str) -> None:
    answer = api_as(alice).get(f"{URL}?{query}")

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"
    assert list(answer.json()["params"]["fields"]) == [field]


def test_a_list_asks_the_database_no_more_for_many_rows_than_for_few(
    api_as: Any, alice: User, django_assert_max_num_queries: Any
) -> None:
    ProgramFactory.create_batch(30)
    client = api_as(alice)
    client.get(URL)  # the first request of a minute notes where the session is used

    with django_assert_max_num_queries(4):  # session, person, permission, programs
        assert len(client.get(URL).json()["results"]) == 31


def test_the_browsable_page_shows_the_same(api_as: Any, bob: User) -> None:
    answer = api_as(bob).get(URL, headers={"accept": "text/html"})

    assert answer.status_code == 200
    assert "acme" in answer.content.decode()


def test_a_membership_that_is_taken_away_takes_the_program_away(api_as: Any, bob: User) -> None:
    client = api_as(bob)
    assert len(client.get(URL).json()["results"]) == 1

    bob.memberships.all().delete()

    assert client.get(URL).json()["code"] == "not_permitted"


def test_two_roles_in_a_program_show_it_once(api_as: Any, bob: User, program: Program) -> None:
    MembershipFactory(user=bob, program=program, role="AUDITOR")

    assert len(api_as(bob).get(URL).json()["results"]) == 1
