"""/api/v2/programs: who opens, changes and stops them."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from audit.models import Entry
from identity.models import Program, User
from identity.states import ProgramStatus, Role
from tests.factories import MembershipFactory, ProgramFactory

pytestmark = pytest.mark.django_db

URL = "/api/v2/programs"


@pytest.fixture
def olivia(program: Program) -> User:
    return MembershipFactory(program=program, role=Role.OWNER).user  # type: ignore[no-any-return]


def post(client: APIClient, url: str, body: Any, *, key: str = "k-1") -> Any:
    return client.post(url, body, headers={"Idempotency-Key": key})


def test_an_owner_of_the_house_opens_a_program(api_as: Any, alice: User) -> None:
    answer = post(api_as(alice), URL, {"name": "Zuri", "slug": "zuri", "time_zone": "Africa/Nairobi"})

    assert answer.status_code == 201
    program = Program.objects.get(slug="zuri")
    assert answer.json()["id"] == str(program.pk)
    assert (program.time_zone, program.default_asset_code, program.status) == ("Africa/Nairobi", "USD", "ACTIVE")
    assert Entry.objects.get().actor_id == str(alice.pk)


def test_an_owner_of_a_program_opens_none(api_as: Any, olivia: User) -> None:
    assert post(api_as(olivia), URL, {"name": "Zuri", "slug": "zuri"}).status_code == 403
    assert Program.objects.count() == 1


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"slug": "house"}, 409, "slug_taken"),
        ({"time_zone": "Mars/Base"}, 422, "unknown_time_zone"),
        ({"slug": "Not A Slug"}, 400, "invalid"),
        ({"slug": "a--b"}, 400, "invalid"),
        ({"name": ""}, 400, "invalid"),
        ({"name": "x" * 121}, 400, "invalid"),
        ({"name": None}, 400, "invalid"),
    ],
)
def test_what_can_not_be_opened_is_refused(
    api_as: Any, alice: User, sent: dict[str, Any], status: int, code: str
) -> None:
    answer = post(api_as(alice), URL, {"name": "Zuri", "slug": "zuri", **sent})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert Program.objects.count() == 1
    assert not Entry.objects.exists()


def test_an_owner_changes_name_and_time_zone(api_as: Any, olivia: User, program: Program) -> None:
    client = api_as(olivia)

    assert client.patch(f"{URL}/{program.pk}", {"name": "Two"}).json()["name"] == "Two"
    whole = client.put(f"{URL}/{program.pk}", {"name": "Three", "time_zone": "Europe/Berlin"})

    assert (whole.json()["name"], whole.json()["time_zone"]) == ("Three", "Europe/Berlin")
    first, second = Entry.objects.order_by("id")
    assert first.payload == {"name": {"from": "Acme", "to": "Two"}}
    assert set(second.payload) == {"name", "time_zone"}
    assert first.program_id == program.pk


def test_a_change_that_changes_nothing_is_not_recorded(api_as: Any, olivia: User, program: Program) -> None:
    assert api_as(olivia).patch(f"{URL}/{program.pk}", {"name": "Acme"}).status_code == 200
    assert api_as(olivia).patch(f"{URL}/{program.pk}", {}).status_code == 200

    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("method", "sent", "code"),
    [
        ("put", {"name": "Two"}, "invalid"),
        ("patch", {"name": ""}, "invalid"),
        ("patch", {"time_zone": "Mars/Base"}, "unknown_time_zone"),
    ],
)
def test_a_change_that_can_not_be_is_refused(
    api_as: Any, olivia: User, program: Program, method: str, sent: dict[str, str], code: str
) -> None:
    answer = getattr(api_as(olivia), method)(f"{URL}/{program.pk}", sent)

    assert answer.json()["code"] == code
    program.refresh_from_db()
    assert (program.name, program.time_zone) == ("Acme", "UTC")
    assert not Entry.objects.exists()


def test_slug_and_status_are_not_changed_that_way(api_as: Any, olivia: User, program: Program) -> None:
    api_as(olivia).patch(f"{URL}/{program.pk}", {"slug": "mine", "status": "CLOSED", "name": "Acme"})

    program.refresh_from_db()
    assert (program.slug, program.status) == ("acme", "ACTIVE")


def test_pausing_resuming_and_closing(api_as: Any, olivia: User, program: Program) -> None:
    client = api_as(olivia)

    for number, (verb, status) in enumerate(
        [("pause", "PAUSED"), ("resume", "ACTIVE"), ("pause", "PAUSED"), ("close", "CLOSED")]
    ):
        answer = post(client, f"{URL}/{program.pk}/{verb}", {"reason": "because"}, key=f"k-{number}")
        assert (answer.status_code, answer.json()["status"]) == (200, status)

    assert Entry.objects.count() == 4
    assert Entry.objects.order_by("id").first().payload["reason"] == "because"  # type: ignore[union-attr]


def test_only_a_paused_program_is_closed(api_as: Any, olivia: User, program: Program) -> None:
    answer = post(api_as(olivia), f"{URL}/{program.pk}/close", {"reason": "x"})

    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    program.refresh_from_db()
    assert program.status == ProgramStatus.ACTIVE


def test_a_reason_is_needed(api_as: Any, olivia: User, program: Program) -> None:
    assert post(api_as(olivia), f"{URL}/{program.pk}/pause", {}).json()["params"]["fields"].keys() == {"reason"}
    assert not Entry.objects.exists()


@pytest.mark.parametrize("role", sorted(set(Role.values) - {"OWNER"}))
@pytest.mark.parametrize("verb", ["pause", "resume", "close", "patch", "put"])
def test_other_roles_change_nothing(api_as: Any, program: Program, role: str, verb: str) -> None:
    client = api_as(MembershipFactory(program=program, role=role).user)
    url = f"{URL}/{program.pk}"

    if verb in ("patch", "put"):
        answer = getattr(client, verb)(url, {"name": "Mine", "time_zone": "UTC"})
    else:
        answer = post(client, f"{url}/{verb}", {"reason": "x"})

    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert not Entry.objects.exists()


def test_an_owner_of_one_program_and_customer_of_another_changes_the_first_only(
    api_as: Any, olivia: User, program: Program
) -> None:
    second = ProgramFactory(slug="second")
    MembershipFactory(user=olivia, program=second, role=Role.CUSTOMER)
    third = ProgramFactory(slug="third")
    client = api_as(olivia)

    assert client.patch(f"{URL}/{second.pk}", {"name": "Mine"}).status_code == 403
    assert client.patch(f"{URL}/{third.pk}", {"name": "Mine"}).status_code == 404
    assert client.patch(f"{URL}/{program.pk}", {"name": "Mine"}).status_code == 200
    assert post(client, f"{URL}/{third.pk}/pause", {"reason": "x"}).status_code == 404
