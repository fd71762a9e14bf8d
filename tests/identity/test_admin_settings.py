"""Settings in the back office: what stands, a form of the setting's type, or a proposal."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse

from audit.models import Entry
from identity.models import Program, Proposal, Setting, User
from identity.queries.settings import setting
from identity.states import Role
from tests.factories import MembershipFactory, ProgramFactory
from tests.identity.settables import registered
from tests.identity.test_admin_four_eyes import client_of, owner

pytestmark = pytest.mark.django_db

LIST = "admin:identity_setting_changelist"


@pytest.fixture(autouse=True)
def _settables() -> Iterator[None]:
    with registered():
        yield


@pytest.fixture
def olivia(program: Program) -> User:
    return owner("olivia", program)


def address(key: str, program: str = "acme") -> str:
    return reverse("admin:identity_setting_one", args=[program, key])


def send(user: User, key: str, **changes: Any) -> str:
    form = {"version": 0, "value": "", "reason": "because", **changes}
    answer = client_of(user).post(address(key), form, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_shows_rooms_values_and_who_decides(olivia: User) -> None:
    page = client_of(olivia).get(reverse(LIST)).content.decode()

    for words in (
        "Identity",
        "Shop",
        "Role cooling",
        "1 day",
        "Two people",
        "12.5 bps",
        "Never changed",
        address("shop.fee"),
    ):
        assert words in page
    assert "Country" not in page


@pytest.mark.parametrize(
    ("key", "typed", "value"),
    [
        ("shop.tries", "5", 5),
        ("shop.pause", "2 days", "P2D"),
        ("shop.open", "false", False),
        ("shop.mode", "FAST", "FAST"),
        ("shop.motto", "Be quick", "Be quick"),
        ("shop.streets", "High St\r\n\r\n Low St ", ["High St", "Low St"]),
    ],
)
def test_each_type_has_its_form(olivia: User, key: str, typed: str, value: Any) -> None:
    page = send(olivia, key, value=typed)

    assert "Changed. It holds from now on." in page
    assert Setting.objects.get().value == value
    assert "because" in page  # it stands among the versions
    assert "Olivia" in page


def test_back_to_the_default(olivia: User, program: Program) -> None:
    assert "Back to the default</button>" in send(olivia, "shop.tries", value="5").replace("\n", "").replace("  ", "")

    send(olivia, "shop.tries", value="", version=1, reset="1")

    assert setting("shop.tries", program) == 3


@pytest.mark.parametrize(
    ("key", "changes", "words"),
    [
        ("shop.tries", {"value": "10"}, "whole number from 0 to 9"),
        ("shop.tries", {"value": "ten"}, "Enter a whole number"),
        ("shop.pause", {"value": "soon"}, "is a length of time such as"),
        ("shop.mode", {"value": "WARP"}, "Select a valid choice"),
        ("shop.motto", {"value": "Be quick", "reason": ""}, "This field is required"),
        ("shop.motto", {"value": "Be quick", "version": "7"}, "has changed since you read it"),
        ("shop.motto", {"value": "Be quick", "version": "x"}, "Enter a whole number"),
    ],
)
def test_what_can_not_be_is_said_in_the_form(olivia: User, key: str, changes: dict[str, str], words: str) -> None:
    page = send(olivia, key, **changes)

    assert words in page
    assert not Setting.objects.exists()


def test_what_needs_two_is_proposed(olivia: User, program: Program) -> None:
    oscar = owner("oscar", program)

    page = send(olivia, "shop.fee", value="20")

    proposal = Proposal.objects.get()
    for words in ("Proposed. It waits for another owner", "12.5 bps (version 0)", "20 bps"):
        assert words in page
    assert not Setting.objects.exists()
    ballot = {"revision": 1, "digest": proposal.digest, "decision": "APPROVE"}
    client_of(oscar).post(reverse("admin:identity_proposal_vote", args=[proposal.pk]), ballot)
    assert str(setting("shop.fee", program)) == "20"
    assert f"Proposal {proposal.pk}" in client_of(olivia).get(address("shop.fee")).content.decode()


def test_a_proposal_that_nobody_could_vote_on_is_refused_in_the_form(olivia: User) -> None:
    assert "Nothing was changed" in send(olivia, "shop.fee", value="20")
    assert not Proposal.objects.exists()


@pytest.mark.parametrize("role", [Role.FINANCE_MAKER, Role.FINANCE_APPROVER, Role.SUPPORT, Role.AUDITOR])
def test_others_look_and_have_no_form(program: Program, role: Role) -> None:
    client = client_of(MembershipFactory(program=program, role=role).user)

    for key, value in (("shop.tries", "5"), ("shop.fee", "20")):
        page = client.get(address(key)).content.decode()
        assert "As it stands" in page
        assert '<form class="give"' not in page
        assert client.post(address(key), {"version": 0, "value": value, "reason": "x"}).status_code == 403
    assert not Setting.objects.exists()
    assert not Proposal.objects.exists()


def test_what_is_not_there_is_not_found(olivia: User) -> None:
    ProgramFactory(slug="other")
    client = client_of(olivia)

    for url in (
        address("shop.tries", "other"),
        address("shop.country"),
        address("nothing"),
        address("shop.tries", "x"),
    ):
        assert client.get(url).status_code == 404
        assert client.post(url, {"version": 0, "value": "5", "reason": "x"}).status_code == 404
    assert "No such program" in client.get(reverse(LIST), {"program": "other"}).content.decode()
    assert client.get(reverse(LIST), {"program": "%"}).status_code == 200
    # Nothing happened but that somebody asked for another program's.
    assert [entry.action for entry in Entry.objects.all()] == ["identity.access.probed"]


def test_the_program_s_page_leads_here(olivia: User, program: Program) -> None:
    page = client_of(olivia).get(reverse("admin:identity_program_change", args=[program.pk])).content.decode()

    assert f"{reverse(LIST)}?program=acme" in page
