"""/api/v2/proposals: proposing, reading what is voted on, voting on exactly that."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from audit.context import acting_as
from audit.models import Entry
from identity.models import Membership, Program, Proposal, User
from identity.operations import create_api_key
from identity.proposable import GRANT_ROLE
from identity.states import Role
from tests.factories import MembershipFactory, UserFactory
from tests.signed_in import BACKEND, with_second_factor

pytestmark = pytest.mark.django_db

URL = "/api/v2/proposals"


class OnceEach(APIClient):
    """A caller who gives every request a key of its own."""

    def post(self, path: str, data: Any = None, **extra: Any) -> Any:  # type: ignore[override]
        return super().post(path, data, headers={"Idempotency-Key": uuid4().hex, **extra.pop("headers", {})}, **extra)


def client_of(user: User) -> APIClient:
    return with_second_factor(OnceEach(), user)


def person(name: str, program: Program, role: Role = Role.OWNER) -> User:
    user = UserFactory(email=f"{name}@example.com", name=name.title())
    MembershipFactory(user=user, program=program, role=role, created_at=timezone.now() - timedelta(days=2))
    return user


@pytest.fixture
def olivia(program: Program) -> User:
    return person("olivia", program)


@pytest.fixture
def oscar(program: Program) -> User:
    return person("oscar", program)


@pytest.fixture
def nora(db: None) -> User:
    return UserFactory(email="nora@example.com")


@pytest.fixture
def proposed(olivia: User, oscar: User, nora: User) -> dict[str, Any]:
    answer = client_of(olivia).post(URL, wish())
    assert answer.status_code == 201
    body: dict[str, Any] = answer.json()
    return body


def wish(**changes: Any) -> dict[str, Any]:
    payload = {"email": "nora@example.com", "role": "FINANCE_MAKER"}
    return {"kind": GRANT_ROLE, "program": "acme", "payload": payload, "reason": "she joins us", **changes}


def ballot(proposed: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"revision": proposed["revision"], "digest": proposed["digest"], "decision": "APPROVE", **changes}


def test_says_what_is_proposed_in_words(proposed: dict[str, Any], olivia: User) -> None:
    assert proposed["state"] == "PROPOSED"
    assert proposed["program"] == "acme"
    assert proposed["says"] == [
        {"label": "Person", "now": "nora@example.com", "before": None},
        {"label": "Role", "now": "Finance maker", "before": None},
    ]
    assert (proposed["revision"], proposed["votes_needed"], proposed["voter_roles"]) == (1, 1, ["OWNER"])
    assert proposed["makers"] == [str(olivia.pk)]


def test_another_owner_s_vote_carries_it_out(proposed: dict[str, Any], oscar: User, nora: User) -> None:
    answer = client_of(oscar).post(f"{URL}/{proposed['id']}/vote", ballot(proposed, comment="welcome"))

    assert answer.status_code == 200
    assert answer.json()["state"] == "EXECUTED"
    assert answer.json()["votes"] == [{"by": str(oscar.pk), "revision": 1, "decision": "APPROVE", "comment": "welcome"}]
    assert Membership.objects.get(user=nora).role == Role.FINANCE_MAKER
    assert Entry.objects.get(action="identity.membership.added").actor_id == str(oscar.pk)


def test_the_maker_s_own_vote_is_refused_from_any_session(proposed: dict[str, Any], olivia: User) -> None:
    answer = client_of(olivia).post(f"{URL}/{proposed['id']}/vote", ballot(proposed))

    assert answer.status_code == 403
    assert answer.json()["code"] == "voter_is_maker"
    assert Proposal.objects.get().state == "PROPOSED"


@pytest.mark.parametrize("change", [{"revision": 2}, {"digest": "0" * 64}])
def test_a_vote_on_other_words_is_refused(proposed: dict[str, Any], oscar: User, change: dict[str, Any]) -> None:
    answer = client_of(oscar).post(f"{URL}/{proposed['id']}/vote", ballot(proposed, **change))

    assert answer.status_code == 409
    assert answer.json()["code"] == "proposal_changed"
    assert answer.json()["params"]["revision"] == 1
    assert not Proposal.objects.get().votes.exists()


@pytest.mark.parametrize(
    "change",
    [{"revision": 0}, {"revision": "one"}, {"revision": 10**30}, {"digest": "x"}, {"decision": "MAYBE"},
     {"comment": "x" * 501}, {"digest": None}, {"decision": ["APPROVE"]}],
)  # fmt: skip
def test_a_ballot_that_makes_no_sense_is_refused(proposed: dict[str, Any], oscar: User, change: dict[str, Any]) -> None:
    answer = client_of(oscar).post(f"{URL}/{proposed['id']}/vote", ballot(proposed, **change))

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"
    assert not Proposal.objects.get().votes.exists()


def test_the_maker_takes_it_back(proposed: dict[str, Any], olivia: User, oscar: User) -> None:
    foreign = client_of(oscar).post(f"{URL}/{proposed['id']}/recall", {"reason": "no"})
    assert (foreign.status_code, foreign.json()["code"]) == (403, "not_the_maker")

    assert client_of(olivia).post(f"{URL}/{proposed['id']}/recall", {"reason": "mistake"}).json()["state"] == "RECALLED"
    late = client_of(oscar).post(f"{URL}/{proposed['id']}/vote", ballot(proposed))
    assert (late.status_code, late.json()["code"]) == (409, "wrong_state")


def test_what_is_not_yours_is_not_there(proposed: dict[str, Any], charlie: User) -> None:
    stranger = person("stranger", charlie.memberships.get().program)
    client = client_of(stranger)

    assert client.get(URL).json()["results"] == []
    for answer in (
        client.get(f"{URL}/{proposed['id']}"),
        client.post(f"{URL}/{proposed['id']}/vote", ballot(proposed)),
        client.post(f"{URL}/{proposed['id']}/recall", {"reason": "x"}),
        client.get(f"{URL}/{uuid4()}"),
        client.post(URL, wish()),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("role", ["FINANCE_MAKER", "FINANCE_APPROVER", "SUPPORT", "AUDITOR"])
def test_other_staff_read_and_neither_propose_nor_vote(proposed: dict[str, Any], program: Program, role: str) -> None:
    client = client_of(person("staff", program, Role(role)))

    assert client.get(f"{URL}/{proposed['id']}").status_code == 200
    assert client.post(URL, wish()).json()["code"] == "not_permitted"
    vote = client.post(f"{URL}/{proposed['id']}/vote", ballot(proposed))
    assert (vote.status_code, vote.json()["code"]) == (403, "not_an_approver")


@pytest.mark.parametrize("role", ["MERCHANT", "AFFILIATE", "CUSTOMER"])
def test_customers_see_none(proposed: dict[str, Any], program: Program, role: str) -> None:
    client = client_of(person("outside", program, Role(role)))

    for answer in (client.get(f"{URL}/{proposed['id']}"), client.get(URL), client.post(URL, wish())):
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


def test_a_stranger_signs_in_first(proposed: dict[str, Any]) -> None:
    for answer in (APIClient().get(URL), APIClient().post(URL, wish()), APIClient().get(f"{URL}/{proposed['id']}")):
        assert answer.status_code == 401


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"kind": "rob.the.bank"}, 422, "unknown_proposal_kind"),
        ({"payload": {"email": "nobody@example.com", "role": "OWNER"}}, 422, "unknown_person"),
        ({"payload": {"email": "nora@example.com", "role": "GOD"}}, 422, "unknown_role"),
        ({"payload": {"email": {"a": 1}, "role": ["OWNER"]}}, 422, "unknown_role"),
        ({"payload": {"email": ["x"], "role": "OWNER"}}, 422, "unknown_person"),
        ({"payload": []}, 400, "invalid"),
        ({"payload": "text"}, 400, "invalid"),
        ({"reason": ""}, 400, "invalid"),
        ({"program": "no slug"}, 400, "invalid"),
        ({"program": "nowhere"}, 404, "not_found"),
    ],
)
def test_what_could_not_be_carried_out_is_refused(
    olivia: User, oscar: User, nora: User, change: dict[str, Any], status: int, code: str
) -> None:
    answer = client_of(olivia).post(URL, wish(**change))

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Proposal.objects.exists()
    assert not Entry.objects.exists()


def test_lists_are_narrowed_and_asked_for_in_few_queries(
    proposed: dict[str, Any], oscar: User, olivia: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        UserFactory(email=f"n{number}@example.com")
        payload = {"email": f"n{number}@example.com", "role": "SUPPORT"}
        assert client_of(olivia).post(URL, wish(payload=payload)).status_code == 201
    client = client_of(oscar)
    client.post(f"{URL}/{proposed['id']}/vote", ballot(proposed))

    assert len(client.get(f"{URL}?state=PROPOSED").json()["results"]) == 5
    assert [row["id"] for row in client.get(f"{URL}?state=EXECUTED").json()["results"]] == [proposed["id"]]
    assert client.get(f"{URL}?program=other").json()["results"] == []
    with django_assert_max_num_queries(6):
        client.get(URL)


def test_a_vote_asks_for_a_second_factor_shown_just_now(proposed: dict[str, Any], oscar: User, nora: User) -> None:
    never = OnceEach()
    never.force_login(oscar, backend=BACKEND)
    long_ago = with_second_factor(OnceEach(), oscar, seconds_ago=301)

    for client in (never, long_ago):
        answer = client.post(f"{URL}/{proposed['id']}/vote", ballot(proposed))
        assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_required")

    assert not Membership.objects.filter(user=nora).exists()
    fresh = with_second_factor(OnceEach(), oscar, seconds_ago=290)
    assert fresh.post(f"{URL}/{proposed['id']}/vote", ballot(proposed)).status_code == 200


def test_no_key_votes(proposed: dict[str, Any], program: Program, olivia: User, nora: User, settings: Any) -> None:
    settings.ADMIN_KEYS = ["a service key that is long enough to be one"]
    url = f"{URL}/{proposed['id']}/vote"

    service = OnceEach().post(url, ballot(proposed), headers={"X-Admin-Key": settings.ADMIN_KEYS[0]})
    with acting_as("user", str(olivia.pk)):
        made, secret = create_api_key(
            program=program,
            name="reader",
            scopes=["program.read"],
            expires_at=timezone.now() + timedelta(days=1),
            by=olivia,
            at=timezone.now(),
        )
    key = OnceEach().post(url, ballot(proposed), headers={"Authorization": f"Api-Key {made.prefix}.{secret}"})

    assert (service.status_code, key.status_code) == (403, 403)
    assert not Membership.objects.filter(user=nora).exists()


def test_proposing_twice_with_one_key_proposes_once(olivia: User, oscar: User, nora: User) -> None:
    headers = {"Idempotency-Key": "the-same"}

    first, second = (client_of(olivia).post(URL, wish(), headers=headers) for _ in range(2))

    assert first.json()["id"] == second.json()["id"]
    assert second["Idempotent-Replayed"] == "true"
    assert Proposal.objects.count() == 1
