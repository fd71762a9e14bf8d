"""Commission rates at /api/v2/programs and in the back office: shown to many, changed by two."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from audit.context import acting_as
from audit.models import Entry
from identity.models import Program, ProgramTerms, Proposal, User
from identity.proposable.terms import CHANGE_TERMS
from identity.states import Role
from tests.factories import MembershipFactory, ProgramFactory
from tests.identity.test_admin_four_eyes import client_of as admin_of
from tests.identity.test_api_proposal import ballot, client_of, person
from tests.identity.test_terms import agree

pytestmark = pytest.mark.django_db

URL = "/api/v2/programs"
RATES = {"base_commission_rate": "0.12", "override_commission_rate": "0.03"}


@pytest.fixture
def olivia(program: Program) -> User:
    return person("olivia", program)


@pytest.fixture
def oscar(program: Program) -> User:
    return person("oscar", program)


@pytest.fixture
def agreed(program: Program) -> ProgramTerms:
    with acting_as("test", "pytest"):
        terms: ProgramTerms = agree(program, "0.1", "0.02", start=program.created_at)
    return terms


def wish(**changes: Any) -> dict[str, Any]:
    payload = {**RATES, "valid_from": None, **changes}
    return {"kind": CHANGE_TERMS, "program": "acme", "payload": payload, "reason": "season"}


def vote_on(user: User, proposed: dict[str, Any]) -> Any:
    return client_of(user).post(f"/api/v2/proposals/{proposed['id']}/vote", ballot(proposed))


def test_a_program_is_opened_with_its_rates(alice: User) -> None:
    answer = client_of(alice).post(URL, {"name": "Zuri", "slug": "zuri", "base_commission_rate": "0.080"})

    assert answer.status_code == 201
    body = answer.json()
    assert (body["base_commission_rate"], body["override_commission_rate"]) == ("0.08", "0")
    [line] = client_of(alice).get(f"{URL}/{body['id']}/terms").json()
    assert (line["number"], line["state"], line["valid_until"]) == (1, "in force", None)
    assert line["valid_from"] == body["created_at"]


@pytest.mark.parametrize("rate", ["1.1", "-0.1", "0.1234567", "a", "", "NaN", 0.1, 1, None, True, ["0.1"], "1e-1"])
def test_what_is_no_rate_opens_nothing(alice: User, rate: Any) -> None:
    answer = client_of(alice).post(URL, {"name": "Zuri", "slug": "zuri", "base_commission_rate": rate})

    assert (answer.status_code, set(answer.json()["params"]["fields"])) == (400, {"base_commission_rate"})
    assert not Program.objects.filter(slug="zuri").exists()


def test_more_than_everything_opens_nothing(alice: User) -> None:
    sent = {"base_commission_rate": "0.6", "override_commission_rate": "0.5"}
    answer = client_of(alice).post(URL, {"name": "Zuri", "slug": "zuri", **sent})

    assert (answer.status_code, answer.json()["code"]) == (422, "rates_make_no_sense")
    assert not Program.objects.filter(slug="zuri").exists()
    assert not Entry.objects.exists()


def test_a_program_without_rates_shows_none(olivia: User, program: Program) -> None:
    body = client_of(olivia).get(f"{URL}/{program.pk}").json()

    assert body["base_commission_rate"] is body["override_commission_rate"] is None
    assert client_of(olivia).get(f"{URL}/{program.pk}/terms").json() == []
    for page in (f"{URL}/{program.pk}", f"{URL}/{program.pk}/terms"):
        assert client_of(olivia).get(page, headers={"Accept": "text/html"}).status_code == 200


def test_the_whole_program_may_be_sent_back_and_another_rate_is_refused(
    olivia: User, program: Program, agreed: ProgramTerms
) -> None:
    client = client_of(olivia)
    body = client.get(f"{URL}/{program.pk}").json()

    assert client.put(f"{URL}/{program.pk}", {**body, "name": "Two"}).json()["name"] == "Two"
    for method in (client.put, client.patch):
        answer = method(f"{URL}/{program.pk}", {**body, "name": "Three", "base_commission_rate": "0.5"})
        assert (answer.status_code, answer.json()["code"]) == (409, "terms_need_proposal")
    assert client.get(f"{URL}/{program.pk}").json() == {**body, "name": "Two"}
    assert ProgramTerms.objects.count() == 1


def test_rates_are_proposed_read_as_they_stand_and_agreed_on(
    olivia: User, oscar: User, program: Program, agreed: ProgramTerms
) -> None:
    begins = (timezone.now() + timedelta(days=30)).replace(microsecond=0)
    proposed = client_of(olivia).post("/api/v2/proposals", wish(valid_from=begins.isoformat())).json()

    said = {line["label"]: line["now"] for line in proposed["says"]}
    assert said["As it stands"] == "10 % and 2 %"
    assert (said["Base commission"], said["Override commission"]) == ("12 %", "3 %")
    assert said["From"] == f"{begins:%-d %b %Y, %H:%M} UTC"
    assert vote_on(oscar, proposed).json()["state"] == "EXECUTED"

    assert client_of(olivia).get(f"{URL}/{program.pk}").json()["base_commission_rate"] == "0.1"  # not yet
    planned, now = client_of(olivia).get(f"{URL}/{program.pk}/terms").json()
    assert (planned["state"], planned["base_commission_rate"]) == ("planned", "0.12")
    assert (now["state"], now["valid_until"]) == ("in force", planned["valid_from"])
    assert planned["recorded_by"] == f"user:{oscar.pk}"


def test_as_soon_as_it_is_agreed_on(olivia: User, oscar: User, program: Program, agreed: ProgramTerms) -> None:
    before = timezone.now()
    vote_on(oscar, client_of(olivia).post("/api/v2/proposals", wish()).json())

    assert timedelta(minutes=1) <= program.terms.get(number=2).valid_from - before <= timedelta(minutes=3)


def test_the_hour_is_said_where_the_program_is(olivia: User, oscar: User, program: Program) -> None:
    Program.objects.update(time_zone="Africa/Nairobi")
    year = timezone.now().year + 1

    proposed = client_of(olivia).post("/api/v2/proposals", wish(valid_from=f"{year}-01-01T00:00:00+03:00")).json()

    said = {line["label"]: line["now"] for line in proposed["says"]}
    assert said["From"] == f"1 Jan {year}, 00:00 EAT (31 Dec, 21:00 UTC)"
    assert proposed["payload"]["valid_from"] == f"{year - 1}-12-31T21:00:00+00:00"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"base_commission_rate": "0.98"}, "rates_make_no_sense"),
        ({"base_commission_rate": 0.1}, "rates_make_no_sense"),
        ({"base_commission_rate": None}, "rates_make_no_sense"),
        ({"override_commission_rate": "-0.1"}, "rates_make_no_sense"),
        ({"valid_from": "soon"}, "rates_make_no_sense"),
        ({"valid_from": "2100-01-01T00:00:00"}, "rates_make_no_sense"),  # where?
        ({"valid_from": "2100-01-01T00:00:00Z"}, "rates_make_no_sense"),
        ({"valid_from": "0001-01-01T00:00:00+14:00"}, "rates_make_no_sense"),
        ({"valid_from": 5}, "rates_make_no_sense"),
        ({"valid_from": "2020-01-01T00:00:00Z"}, "terms_reach_back"),
    ],
)
def test_what_could_never_hold_is_not_proposed(
    olivia: User, oscar: User, agreed: ProgramTerms, changes: dict[str, Any], code: str
) -> None:
    answer = client_of(olivia).post("/api/v2/proposals", wish(**changes))

    assert answer.json()["code"] == code
    assert not Proposal.objects.exists()


def test_of_two_proposals_the_second_has_to_be_read_anew(
    olivia: User, oscar: User, program: Program, agreed: ProgramTerms
) -> None:
    first, second = (client_of(olivia).post("/api/v2/proposals", wish()).json() for _ in range(2))
    vote_on(oscar, first)

    answer = vote_on(oscar, second)

    assert (answer.status_code, answer.json()["code"]) == (409, "terms_changed")
    assert program.terms.count() == 2


STAFF = [Role.OWNER, Role.FINANCE_MAKER, Role.FINANCE_APPROVER, Role.SUPPORT, Role.AUDITOR]


@pytest.mark.parametrize("role", Role.values)
def test_roles(program: Program, agreed: ProgramTerms, oscar: User, role: str) -> None:
    client = client_of(MembershipFactory(program=program, role=role).user)
    proposes = role in (Role.OWNER, Role.FINANCE_MAKER)

    assert client.get(f"{URL}/{program.pk}").json()["base_commission_rate"] == "0.1"
    assert client.get(f"{URL}/{program.pk}/terms").status_code == (200 if role in STAFF else 403)
    answer = client.post("/api/v2/proposals", wish())
    assert answer.status_code == (201 if proposes else 403)
    assert Proposal.objects.exists() == proposes
    assert ProgramTerms.objects.count() == 1


def test_another_program_s_terms_are_not_there(olivia: User) -> None:
    other = ProgramFactory(slug="other")

    assert client_of(olivia).get(f"{URL}/{other.pk}/terms").status_code == 404
    assert client_of(olivia).post("/api/v2/proposals", {**wish(), "program": "other"}).status_code == 404
    assert APIClient().get(f"{URL}/{other.pk}/terms").status_code == 401


# The back office


def form_of(program: Program) -> str:
    return reverse("admin:identity_program_propose_terms", args=[program.pk])


def test_a_program_s_page_shows_its_dated_rates(olivia: User, program: Program, agreed: ProgramTerms) -> None:
    page = admin_of(olivia).get(reverse("admin:identity_program_change", args=[program.pk])).content.decode()

    for words in ("Commission rates", "10 %", "2 %", "In force", "agreed", form_of(program)):
        assert words in page


def test_other_rates_are_proposed_in_a_form(olivia: User, oscar: User, program: Program, agreed: ProgramTerms) -> None:
    Program.objects.update(time_zone="Africa/Nairobi")
    year = timezone.now().year + 1
    sent = {"base": "12.5", "override": "3 %", "valid_from": f"{year}-01-01T00:00", "reason": "season"}

    page = admin_of(olivia).post(form_of(program), sent, follow=True).content.decode()

    assert "Proposed." in page
    assert f"1 Jan {year}, 00:00 EAT" in page
    payload = Proposal.objects.get().payload
    assert (payload["base_commission_rate"], payload["override_commission_rate"]) == ("0.125", "0.03")
    assert payload["valid_from"] == f"{year - 1}-12-31T21:00:00+00:00"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"base": "101"}, "number from 0 to 100"),
        ({"base": "0.00001"}, "number from 0 to 100"),
        ({"base": "NaN"}, "number from 0 to 100"),
        ({"base": "ten"}, "number from 0 to 100"),
        ({"base": "99"}, "more than 1 together"),
        ({"valid_from": "soon"}, "a day and a time"),
        ({"valid_from": "2020-01-01T00:00"}, "at the earliest"),
        ({"reason": ""}, "required"),
    ],
)
def test_what_can_not_be_is_said_in_the_form(
    olivia: User, oscar: User, program: Program, agreed: ProgramTerms, changes: dict[str, str], words: str
) -> None:
    sent = {"base": "12", "override": "3", "valid_from": "", "reason": "season", **changes}

    assert words in admin_of(olivia).post(form_of(program), sent).content.decode()
    assert not Proposal.objects.exists()


@pytest.mark.parametrize("role", [Role.FINANCE_APPROVER, Role.SUPPORT, Role.AUDITOR])
def test_others_look_and_have_no_form(program: Program, agreed: ProgramTerms, role: Role) -> None:
    client = admin_of(MembershipFactory(program=program, role=role).user)
    page = client.get(reverse("admin:identity_program_change", args=[program.pk])).content.decode()

    assert "10 %" in page
    assert form_of(program) not in page
    assert client.get(form_of(program)).status_code == client.post(form_of(program)).status_code == 403
