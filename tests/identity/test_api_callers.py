"""Who calls, and in which program: the service key, the program a request acts in, roles that come and go."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.conf import LazySettings
from rest_framework.test import APIClient

from audit.models import Entry
from identity import rules
from identity.callers import Caller, KeyCaller, PersonCaller, ServiceCaller
from identity.models import ApiKey, Membership, Program, User
from identity.states import Role
from tests.factories import MembershipFactory, ProgramFactory, UserFactory
from tests.identity.test_api_keys import calling, make, olivia

__all__ = ("olivia",)

pytestmark = pytest.mark.django_db

KEYS = "/api/v2/api-keys"
PROGRAMS = "/api/v2/programs"
NEW = {"name": "Zuri", "slug": "zuri"}


@pytest.fixture
def house_owner() -> User:
    """Somebody who owns the house."""
    membership: Membership = MembershipFactory(program=ProgramFactory(slug=rules.HOUSE_SLUG), role=Role.OWNER)
    return membership.user


@pytest.fixture
def service(settings: LazySettings) -> APIClient:
    """The operator's service, with the second of two service keys."""
    settings.ADMIN_KEYS = ["new-key", "old-key"]
    return with_admin_key("old-key")


def with_admin_key(key: str, **headers: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_X_ADMIN_KEY=key, **headers)
    return client


def once(client: APIClient, url: str, body: Any = None, *, key: str = "k-1", **headers: str) -> Any:
    return client.post(url, body or {}, headers={"Idempotency-Key": key, **headers})


def test_the_service_opens_programs_and_is_named_in_the_journal(service: APIClient) -> None:
    answer = once(service, PROGRAMS, NEW)

    assert answer.status_code == 201
    entry = Entry.objects.get()
    assert (entry.actor_type, entry.actor_id) == ("service", "admin-key")
    assert {row["slug"] for row in service.get(PROGRAMS).json()["results"]} == {"zuri"}


def test_every_admin_key_works_so_that_they_can_rotate(service: APIClient) -> None:
    assert with_admin_key("new-key").get(PROGRAMS).status_code == 200
    assert with_admin_key("old-key").get(PROGRAMS).status_code == 200


@pytest.mark.parametrize("key", ["", " ", "new", "new-key2", "NEW-KEY", "new-key,old-key", "é"])
def test_a_wrong_admin_key_is_a_stranger_s(service: APIClient, key: str) -> None:
    answer = with_admin_key(key).get(PROGRAMS)

    assert answer.status_code == 401
    assert {**answer.json(), "correlation_id": None} == {**APIClient().get(PROGRAMS).json(), "correlation_id": None}


def test_two_credentials_are_nobody(service: APIClient) -> None:
    assert with_admin_key("new-key", HTTP_AUTHORIZATION="Api-Key a.b").get(PROGRAMS).status_code == 401


def test_the_service_decides_nothing(service: APIClient, api_as: Any, olivia: User, program: Program) -> None:
    make(api_as(olivia))
    key = ApiKey.objects.get()
    before = Entry.objects.count()

    for url, body in (
        (KEYS, {"name": "x", "scopes": ["program.read"]}),
        (f"{KEYS}/{key.pk}/revoke", {"reason": "x"}),
        (f"{KEYS}/{key.pk}/collect", {}),
        (f"{PROGRAMS}/{program.pk}/pause", {"reason": "x"}),
    ):
        answer = once(service, url, body, **{"X-Program": "acme"})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert Entry.objects.count() == before
    assert ApiKey.objects.count() == 1


def test_neither_keys_nor_the_service_hold_what_decides_or_lets_in() -> None:
    deciding = {"proposal.vote", "key.manage", "membership.grant", "admin.enter", "program.change_status",
                "membership.propose", "policy.propose"}  # fmt: skip

    assert not deciding & rules.SERVICE_PERMISSIONS
    assert not deciding & rules.KEY_SCOPES
    assert not rules.MONEY_SCOPES & rules.SERVICE_PERMISSIONS
    assert not {name for name in rules.SERVICE_PERMISSIONS | rules.KEY_SCOPES if "approve" in name or "vote" in name}


def test_a_key_that_was_given_a_people_s_permission_by_raw_sql_has_it_not(olivia: User, program: Program) -> None:
    key = ApiKey(program=program, scopes=["key.manage", "operations.read", "program.read"])

    assert KeyCaller(key).may("program.read", program)
    assert not KeyCaller(key).may("key.manage", program)
    assert not KeyCaller(key).may("operations.read")


@pytest.mark.parametrize("permission", ["program.read", "key.manage", "operations.read", "nonsense"])
def test_a_caller_may_where_its_programs_say_so(olivia: User, program: Program, permission: str) -> None:
    elsewhere = ProgramFactory()
    callers: list[Caller] = [PersonCaller(olivia), KeyCaller(ApiKey(program=program, scopes=["program.read"])),
                             ServiceCaller()]  # fmt: skip

    for caller in callers:
        held = set(caller.programs(permission))
        for where in (program, elsewhere):
            assert caller.may(permission, where) == (where.pk in held)
        assert caller.may(permission) == bool(held)
        assert caller.pk == f"{caller.actor.type}:{caller.actor.id}"


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("slug", ["acme", rules.HOUSE_SLUG])
def test_a_person_who_calls_may_what_their_memberships_say(role: Role, slug: str, program: Program) -> None:
    """A request works it out from roles that it reads once; lists and the back office leave it to the database."""
    person, elsewhere = UserFactory(), ProgramFactory(slug="elsewhere")
    where = program if slug == program.slug else ProgramFactory(slug=slug)
    MembershipFactory(user=person, program=where, role=role)
    caller = PersonCaller(person)

    for permission in sorted(frozenset().union(*rules.ROLE_PERMISSIONS.values(), *rules.OWN_PERMISSIONS.values())):
        held = set(Membership.objects.programs_where(person, permission))
        assert set(caller.programs(permission)) == held, permission
        assert [caller.may(permission, one) for one in (where, elsewhere)] == [where.pk in held, elsewhere.pk in held]
        assert caller.may(permission) == bool(held)
        own = set(Membership.objects.programs_with_own(person, permission))
        assert set(caller.programs_with_own(permission)) == own, permission
        assert [caller.may_with_own(permission), caller.may_with_own(permission, where)] == [bool(own)] * 2
        assert caller.may_in_house(permission) == person.may_in_house(permission)


def test_a_request_asks_once_what_a_person_is(
    olivia: User, program: Program, django_assert_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    caller = PersonCaller(olivia)

    with django_assert_num_queries(1):
        assert caller.may("key.manage", program)
        assert not caller.may("operations.read")
        assert not caller.may_with_own("wallet.spend", program)
        assert not caller.may_in_house("program.read")


def test_who_was_made_inactive_holds_nothing_of_the_house(house_owner: User) -> None:
    assert PersonCaller(house_owner).may_in_house("program.read")

    house_owner.is_active = False

    assert not PersonCaller(house_owner).may_in_house("program.read")


# In which program


def listed(client: APIClient, query: str = "", **headers: str) -> Any:
    return client.get(f"{KEYS}{query}", headers=headers)


def test_the_only_membership_says_which_program(api_as: Any, olivia: User) -> None:
    assert listed(api_as(olivia)).status_code == 200


def test_a_caller_of_several_programs_names_one(api_as: Any, olivia: User) -> None:
    MembershipFactory(user=olivia, program=ProgramFactory(slug="second"), role=Role.OWNER)
    client = api_as(olivia)

    answer = listed(client)

    assert (answer.status_code, answer.json()["code"]) == (400, "program_required")
    assert listed(client, "?program=second").status_code == 200
    assert listed(client, **{"X-Program": "acme"}).status_code == 200
    assert listed(client, "?program=acme", **{"X-Program": "acme"}).status_code == 200
    assert listed(client, "?program=acme", **{"X-Program": "second"}).status_code == 404
    assert listed(client, "?program=second&program=acme").status_code == 404


def test_two_roles_in_one_program_are_one_program(api_as: Any, olivia: User, program: Program) -> None:
    MembershipFactory(user=olivia, program=program, role=Role.AUDITOR)

    assert listed(api_as(olivia)).status_code == 200


@pytest.mark.parametrize(
    ("query", "header"),
    [
        ("?program=other", None),
        ("?program=nowhere", None),
        ("?program=", None),
        ("?program=%00", None),
        ("?program=ACME", None),
        ("", "other"),
        ("", ""),
        ("?program=acme", "other"),
        ("?program=other", "acme"),
        ("?program=acme&program=other", None),
    ],
)
def test_a_program_that_is_not_the_caller_s_is_not_there(
    api_as: Any, olivia: User, charlie: User, query: str, header: str | None
) -> None:
    answer = listed(api_as(olivia), query, **({"X-Program": header} if header is not None else {}))

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_key_acts_in_its_own_program_whatever_is_named(api_as: Any, olivia: User, charlie: User) -> None:
    secret = make(api_as(olivia)).json()["secret"]

    assert listed(calling(secret)).status_code == 403  # its program, and no such scope
    assert listed(calling(secret), **{"X-Program": "acme"}).status_code == 403
    assert listed(calling(secret), **{"X-Program": "other"}).status_code == 404
    assert listed(calling(secret), "?program=other").status_code == 404


def test_the_service_names_the_program(service: APIClient, program: Program) -> None:
    assert listed(service).json()["code"] == "program_required"
    assert listed(service, "?program=acme").status_code == 200
    assert listed(service, "?program=nowhere").status_code == 404


def test_staff_of_the_house_reach_the_program_they_name(api_as: Any, alice: User, program: Program) -> None:
    assert listed(api_as(alice), "?program=acme").status_code == 200
    assert once(api_as(alice), KEYS, {"name": "x", "scopes": ["program.read"]}, **{"X-Program": "acme"}).json()[
        "secret"
    ]
    assert ApiKey.objects.get().program == program


def test_a_person_of_no_program_has_none_to_act_in(api_as: Any, program: Program) -> None:
    assert listed(api_as(UserFactory())).json()["code"] == "program_required"


def test_a_role_that_is_taken_away_between_two_calls_is_gone(api_as: Any, olivia: User, program: Program) -> None:
    client = api_as(olivia)
    assert once(client, KEYS, {"name": "x", "scopes": ["program.read"]}).status_code == 201

    Membership.objects.filter(user=olivia).update(role=Role.CUSTOMER)

    # The replay too: what one may no longer do, one may no longer read the answer of.
    assert once(client, KEYS, {"name": "x", "scopes": ["program.read"]}).status_code == 403
    assert once(client, KEYS, {"name": "x", "scopes": ["program.read"]}, key="k-2").status_code == 403
    assert listed(client).status_code == 403
    assert ApiKey.objects.count() == 1
