"""/api/v2/settings: who reads and changes what in which program, on top of the version they saw."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from audit.context import acting_as
from audit.models import Entry
from identity.models import Program, Proposal, Setting, User
from identity.operations import create_api_key, store_setting
from identity.proposable.settings import CHANGE_SETTING
from identity.queries.settings import setting
from identity.states import Role
from tests.factories import MembershipFactory, ProgramFactory
from tests.identity.settables import registered
from tests.identity.test_api_proposal import ballot, client_of, person

pytestmark = pytest.mark.django_db

URL = "/api/v2/settings"
SHOP = "/api/v2/settings/shop.tries"


@pytest.fixture(autouse=True)
def _settables() -> Iterator[None]:
    with registered():
        yield


@pytest.fixture
def olivia(program: Program) -> User:
    return person("olivia", program)


@pytest.fixture
def oscar(program: Program) -> User:
    return person("oscar", program)


def patch(client: APIClient, url: str, value: Any, *, version: Any = 0, **more: Any) -> Any:
    return client.patch(url, {"version": version, "value": value, "reason": "because"}, **more)


def test_an_owner_lists_reads_and_changes(olivia: User, program: Program) -> None:
    client = client_of(olivia)

    listed = client.get(URL).json()
    changed = patch(client, SHOP, 5)

    assert set(listed) == {"next", "previous", "results"}
    assert [row["key"] for row in listed["results"]] == sorted(row["key"] for row in listed["results"])
    assert {"identity.nightly_hour", "shop.tries"} <= {row["key"] for row in listed["results"]}
    assert "shop.country" not in {row["key"] for row in listed["results"]}
    assert changed.status_code == 200
    body = changed.json()
    assert body == client.get(SHOP).json()
    assert (body["value"], body["default"], body["version"], body["is_set"]) == (5, 3, 1, True)
    assert body["changed_by"] == f"user:{olivia.pk}"
    assert Entry.objects.get(action="identity.setting.changed").program_id == program.pk


def test_the_list_of_one_room(olivia: User) -> None:
    client = client_of(olivia)

    assert {row["key"].partition(".")[0] for row in client.get(URL, {"room": "shop"}).json()["results"]} == {"shop"}
    assert client.get(URL, {"rom": "shop"}).status_code == 400


def test_the_history_of_a_setting(olivia: User) -> None:
    client = client_of(olivia)
    patch(client, SHOP, 5)
    patch(client, SHOP, None, version=1)

    listed = client.get(f"{SHOP}/history").json()["results"]

    assert [(row["version"], row["value"], row["reason"]) for row in listed] == [
        (2, None, "because"),
        (1, 5, "because"),
    ]
    assert client.get(f"{SHOP}/history", {"after": "2100-01-01T00:00:00Z"}).json()["results"] == []
    page = client.get(f"{SHOP}/history", {"page_size": 1}).json()
    assert [row["version"] for row in client.get(page["next"]).json()["results"]] == [1]


@pytest.mark.parametrize(
    ("url", "sent", "status", "code"),
    [
        (SHOP, {"value": 6}, 409, "setting_changed"),
        (SHOP, {"value": 10, "version": 1}, 422, "setting_makes_no_sense"),
        (SHOP, {"value": {"a": [1]}, "version": 1}, 422, "setting_makes_no_sense"),
        (SHOP, {"value": 6, "version": -1}, 400, "invalid"),
        (SHOP, {"value": 6, "version": "x"}, 400, "invalid"),
        (SHOP, {"value": 6, "version": 1, "reason": ""}, 400, "invalid"),
        (SHOP, {"value": 6, "version": 1, "reason": "x" * 501}, 400, "invalid"),
        (f"{URL}/shop.fee", {"value": "20"}, 409, "setting_needs_proposal"),
        (f"{URL}/shop.country", {"value": "FR"}, 404, "not_found"),
        (f"{URL}/shop.nothing", {"value": 1}, 404, "not_found"),
        (f"{URL}/' OR 1=1", {"value": 1}, 404, "not_found"),
    ],
)
def test_what_can_not_be_is_refused_and_nothing_moves(
    olivia: User, program: Program, url: str, sent: dict[str, Any], status: int, code: str
) -> None:
    client = client_of(olivia)
    patch(client, SHOP, 5)

    answer = client.patch(url, {"version": 0, "reason": "because", **sent})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert [(row.key, row.value, row.version) for row in Setting.objects.all()] == [("shop.tries", 5, 1)]
    assert Entry.objects.count() == 1


@pytest.mark.parametrize("missing", ["version", "value", "reason"])
def test_nothing_is_assumed(olivia: User, missing: str) -> None:
    body = {"version": 0, "value": 5, "reason": "x"}
    del body[missing]

    assert client_of(olivia).patch(SHOP, body).json()["params"]["fields"].keys() == {missing}
    assert not Setting.objects.exists()


READERS = [Role.OWNER, Role.FINANCE_MAKER, Role.FINANCE_APPROVER, Role.SUPPORT, Role.AUDITOR]


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("in_house", [False, True], ids=["of the program", "of the house"])
def test_roles(program: Program, house: Program, role: str, in_house: bool) -> None:
    user = MembershipFactory(role=role, program=house if in_house else program).user
    client = client_of(user)
    reads = role in READERS
    # A customer of the house does not know Acme at all.
    stranger = in_house and not reads
    here: Any = {"headers": {"X-Program": "acme"}}

    for url in (URL, SHOP, f"{SHOP}/history"):
        assert client.get(url, **here).status_code == (200 if reads else 404 if stranger else 403)
    answer = patch(client, SHOP, 5, **here)

    assert answer.status_code == (200 if role == Role.OWNER else 404 if stranger else 403)
    assert Setting.objects.exists() == (role == Role.OWNER)


def test_another_program_s_are_not_there(olivia: User) -> None:
    other = ProgramFactory(slug="other")
    with acting_as("test", "pytest"):
        store_setting("shop.tries", program=other, value=7, version=0, reason="x", at=timezone.now())
    client = client_of(olivia)

    for url in (URL, SHOP, f"{SHOP}/history"):
        assert client.get(url, headers={"X-Program": "other"}).status_code == 404
    assert patch(client, SHOP, 5, version=1, headers={"X-Program": "other"}).status_code == 404
    assert client.get(SHOP).json()["value"] == 3
    assert client.get(f"{SHOP}/history").json()["results"] == []
    assert setting("shop.tries", other) == 7


def test_the_house_s_are_changed_by_its_owners(alice: User, olivia: User, house: Program) -> None:
    url = f"{URL}/shop.country"

    assert patch(client_of(olivia), url, "DE", headers={"X-Program": "house"}).status_code == 404
    assert patch(client_of(alice), url, "DE").status_code == 200
    assert setting("shop.country") == "DE"


def test_a_key_with_the_scope_reads_and_none_changes(olivia: User, program: Program, settings: Any) -> None:
    from datetime import timedelta

    now = timezone.now()
    with acting_as("test", "pytest"):
        key, secret = create_api_key(
            program=program, name="x", scopes=["setting.read"], expires_at=now + timedelta(days=1), by=olivia, at=now
        )
    client = APIClient(headers={"Authorization": f"Api-Key {key.prefix}.{secret}"})
    service = APIClient(headers={"X-Admin-Key": settings.ADMIN_KEYS[0], "X-Program": "acme"})

    assert client.get(SHOP).status_code == service.get(SHOP).status_code == 200
    assert patch(client, SHOP, 5).status_code == patch(service, SHOP, 5).status_code == 403
    assert not Setting.objects.exists()


def test_a_stranger_is_asked_to_sign_in(api: APIClient, program: Program) -> None:
    assert api.get(URL).status_code == 401
    assert patch(api, SHOP, 5).status_code == 401


def test_people_browse_it(olivia: User) -> None:
    client = client_of(olivia)
    patch(client, SHOP, 5)
    patch(client, f"{URL}/shop.token", "hunter2-and-more")

    for url in (URL, SHOP, f"{URL}/shop.token", f"{SHOP}/history", "/api/v2/programs"):
        page = client.get(url, headers={"Accept": "text/html"})
        assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8"), url
        assert "hunter2" not in page.content.decode()
    refused = client.patch(
        f"{URL}/shop.token", {"version": 1, "value": "hunter2-again"}, headers={"Accept": "text/html"}
    )
    assert refused.status_code == 400
    assert "hunter2" not in refused.content.decode()


# What two people decide on


def wish(key: str = "shop.fee", value: Any = "20", version: Any = 0) -> dict[str, Any]:
    payload = {"key": key, "version": version, "value": value}
    return {"kind": CHANGE_SETTING, "program": "acme", "payload": payload, "reason": "costs rose"}


def vote_on(user: User, proposed: dict[str, Any]) -> Any:
    return client_of(user).post(f"/api/v2/proposals/{proposed['id']}/vote", ballot(proposed))


def test_a_setting_of_money_is_proposed_and_shows_what_stands(olivia: User, oscar: User, program: Program) -> None:
    proposed = client_of(olivia).post("/api/v2/proposals", wish(value="20.00")).json()

    assert proposed["says"] == [
        {"label": "Setting", "now": "shop.fee: The fee", "before": None},
        {"label": "As it stands", "now": "12.5 bps (version 0)", "before": None},
        {"label": "As proposed", "now": "20 bps", "before": None},
    ]
    assert str(setting("shop.fee", program)) == "12.5"

    decided = vote_on(oscar, proposed).json()

    assert (decided["state"], decided["result"]) == ("EXECUTED", {"setting": "shop.fee", "version": 1})
    assert str(setting("shop.fee", program)) == "20"
    entry = Entry.objects.get(action="identity.setting.changed")
    assert entry.actor_id == str(oscar.pk)
    assert proposed["id"] in entry.payload["reason"]


def test_the_default_is_proposed_too(olivia: User, oscar: User, program: Program) -> None:
    vote_on(oscar, client_of(olivia).post("/api/v2/proposals", wish()).json())

    proposed = client_of(olivia).post("/api/v2/proposals", wish(value=None, version=1)).json()

    assert proposed["says"][2]["now"] == "Its default: 12.5 bps"
    vote_on(oscar, proposed)
    assert str(setting("shop.fee", program)) == "12.5"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"key": "shop.nothing"}, "unknown_setting"),
        ({"key": "shop.country"}, "unknown_setting"),
        ({"key": ["shop.fee"]}, "unknown_setting"),
        ({"key": "shop.tries", "value": 5}, "setting_needs_no_proposal"),
        ({"value": "-1"}, "setting_makes_no_sense"),
        ({"value": 20}, "setting_makes_no_sense"),
        ({"version": 1}, "setting_changed"),
        ({"version": "0"}, "setting_changed"),
        ({"version": False}, "setting_changed"),
    ],
)
def test_what_could_never_be_carried_out_is_not_proposed(
    olivia: User, oscar: User, changes: dict[str, Any], code: str
) -> None:
    answer = client_of(olivia).post("/api/v2/proposals", wish(**changes))

    assert answer.json()["code"] == code
    assert not Proposal.objects.exists()


def test_of_two_proposals_on_one_version_the_second_is_stale(olivia: User, oscar: User, program: Program) -> None:
    first, second = (client_of(olivia).post("/api/v2/proposals", wish(value=value)).json() for value in ("20", "30"))
    vote_on(oscar, first)

    answer = vote_on(oscar, second)

    assert (answer.status_code, answer.json()["code"]) == (409, "setting_changed")
    assert str(setting("shop.fee", program)) == "20"
    proposal = Proposal.objects.get(pk=second["id"])
    assert (proposal.state, proposal.votes.count()) == ("PROPOSED", 0)


@pytest.mark.parametrize("role", sorted(set(READERS) - {Role.OWNER}))
def test_only_owners_propose(program: Program, olivia: User, role: Role) -> None:
    user = MembershipFactory(program=program, role=role).user

    assert client_of(user).post("/api/v2/proposals", wish()).status_code == 403
    assert not Proposal.objects.exists()


def test_a_proposed_secret_is_kept_apart_and_can_not_be_swapped(olivia: User, oscar: User, program: Program) -> None:
    from django.db import IntegrityError, connection, transaction

    from identity.rules import digest

    client = client_of(olivia)
    one, other = (client.post("/api/v2/proposals", wish("shop.vault", secret)).json() for secret in ("mine", "yours"))
    assert set(one["payload"]) == {"key", "version", "stands", "fingerprint", "sealed_sha256"}
    # Whoever votes can work out the digest from what they were shown.
    assert one["digest"] == digest(
        kind=CHANGE_SETTING, program=str(program.pk), subject=one["id"], revision=1, payload=one["payload"]
    )
    sealed = Proposal.objects.get(pk=other["id"]).sealed

    with pytest.raises(IntegrityError, match="what was said stays said"), transaction.atomic():
        Proposal.objects.filter(pk=one["id"]).update(sealed=sealed)
    with connection.cursor() as cursor:  # even past the trigger
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE identity_proposal SET sealed = %s WHERE id = %s", [sealed, one["id"]])
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")

    assert vote_on(oscar, one).json()["code"] == "setting_unreadable"
    assert not Setting.objects.exists()
    assert vote_on(oscar, other).status_code == 200
    assert setting("shop.vault", program) == "yours"


def test_a_request_that_is_sent_twice_proposes_once(olivia: User, oscar: User) -> None:
    headers = {"Idempotency-Key": uuid4().hex}
    client = client_of(olivia)
    plain = APIClient()
    plain.cookies = client.cookies

    first = plain.post("/api/v2/proposals", wish("shop.vault", "mine"), headers=headers)
    again = plain.post("/api/v2/proposals", wish("shop.vault", "mine"), headers=headers)
    differing = plain.post("/api/v2/proposals", wish("shop.vault", "yours"), headers=headers)

    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (differing.status_code, differing.json()["params"]) == (409, {"fields": ["payload"]})
    assert Proposal.objects.count() == 1
