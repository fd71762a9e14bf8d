"""/api/v2/enterprise: the journal, reconciliation and findings, each within the caller's programs."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from audit import reconciliation
from audit.models import Entry, Finding, ReconciliationRun
from audit.operations import reconcile
from audit.reconciliation import Check, Discrepancy, Scope, register_check
from identity.models import Program, User
from identity.states import Role
from tests.factories import EntryFactory, MembershipFactory
from tests.signed_in import BACKEND

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("acting")]

URL = "/api/v2/enterprise"


def client_of(user: User) -> APIClient:
    client = APIClient()
    client.force_login(user, backend=BACKEND)
    return client


@pytest.fixture
def owner(program: Program) -> User:
    return MembershipFactory(program=program, role=Role.OWNER).user  # type: ignore[no-any-return]


@pytest.fixture
def broken_books(monkeypatch: pytest.MonkeyPatch, program: Program, charlie: User) -> None:
    """One thing that does not agree in Acme, one elsewhere, one in the house."""
    elsewhere = charlie.memberships.get().program_id

    def examine(scope: Scope) -> Iterator[Discrepancy]:
        for place in (program.pk, elsewhere, None):
            if scope.program_id in (None, place):
                yield Discrepancy(key=str(place), title=f"differs in {place}", program_id=place)

    monkeypatch.setattr(reconciliation, "_checks", {})
    register_check(Check(name="test.books", label="Books", examine=examine))


def test_the_journal_of_one_s_programs(owner: User, alice: User, charlie: User, program: Program) -> None:
    here = EntryFactory(program_id=program.pk, correlation_id="the-one-we-want")
    EntryFactory(program_id=charlie.memberships.get().program_id)
    EntryFactory(program_id=None)

    assert [row["id"] for row in client_of(owner).get(f"{URL}/audit").json()["results"]] == [str(here.pk)]
    assert len(client_of(alice).get(f"{URL}/audit").json()["results"]) == 3
    found = client_of(alice).get(f"{URL}/audit?correlation_id=the-one-we-want").json()["results"]
    assert [row["id"] for row in found] == [str(here.pk)]


@pytest.mark.parametrize(
    "query",
    [
        "actor_id=x",
        "actor_type=y",
        "subject_id=z",
        "subject_type=q",
        "action=a.b.c",
        "before=2001-01-01T00:00Z",
    ],  # fmt: skip,
)
def test_the_journal_is_narrowed(alice: User, program: Program, query: str) -> None:
    EntryFactory(program_id=program.pk)

    assert client_of(alice).get(f"{URL}/audit?{query}").json()["results"] == []


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nobody_writes_the_journal(alice: User, program: Program, method: str) -> None:
    entry = EntryFactory(program_id=program.pk)

    for url in (f"{URL}/audit", f"{URL}/audit/{entry.pk}"):
        assert getattr(client_of(alice), method)(url, {}).status_code == 405
    assert Entry.objects.count() == 1


def test_asking_now_answers_with_what_was_found(broken_books: None, owner: User, program: Program) -> None:
    answer = client_of(owner).post(f"{URL}/reconcile", {"program_id": str(program.pk)})

    assert answer.status_code == 200
    assert answer.json()["state"] == "FINDINGS"
    assert answer.json()["asked_by"] == f"user:{owner.pk}"
    assert [(line["name"], line["found"]) for line in answer.json()["results"]] == [("test.books", 1)]


def test_the_house_is_asked_by_its_own_staff_only(broken_books: None, owner: User, alice: User) -> None:
    assert client_of(owner).post(f"{URL}/reconcile", {}).status_code == 404
    assert not ReconciliationRun.objects.exists()

    assert client_of(alice).post(f"{URL}/reconcile", {}).json()["results"][0]["found"] == 3


def test_another_s_findings_are_not_there(broken_books: None, owner: User, alice: User, program: Program) -> None:
    reconcile(at=timezone.now())
    foreign = Finding.objects.exclude(program_id=program.pk)
    assert foreign.count() == 2
    client = client_of(owner)

    assert [row["program_id"] for row in client.get(f"{URL}/findings").json()["results"]] == [str(program.pk)]
    for finding in foreign:
        assert client.get(f"{URL}/findings/{finding.pk}").status_code == 404
        for verb in ("assign", "explain", "resolve"):
            assert client.post(f"{URL}/findings/{finding.pk}/{verb}", {"note": "x"}).status_code == 404
    assert client.post(f"{URL}/reconcile", {"program_id": str(uuid4())}).status_code == 404
    assert set(Finding.objects.values_list("state", flat=True)) == {"OPEN"}


def test_a_finding_is_taken_and_settled_with_words(broken_books: None, owner: User, program: Program) -> None:
    reconcile(program_id=program.pk, at=timezone.now())
    url = f"{URL}/findings/{Finding.objects.get().pk}"
    client = client_of(owner)

    early = client.post(f"{url}/resolve", {"note": "mended"})
    assert (early.status_code, early.json()["code"]) == (409, "wrong_state")
    assert client.post(f"{url}/assign", {}).json()["assignee_id"] == str(owner.pk)
    assert client.post(f"{url}/resolve", {"note": ""}).status_code == 400
    assert client.post(f"{url}/resolve", {"note": "mended"}).json()["state"] == "RESOLVED"

    assert Finding.objects.get().note == "mended"
    assert Entry.objects.get(action="audit.finding.resolved").actor_id == str(owner.pk)


@pytest.mark.parametrize(
    "body", [{"program_id": "x"}, {"checks": "all"}, {"checks": [1, {}]}, {"checks": ["x" * 101]}, []]
)
def test_nonsense_is_refused(broken_books: None, alice: User, body: Any) -> None:
    answer = client_of(alice).post(f"{URL}/reconcile", body)

    assert answer.status_code == 400
    assert not ReconciliationRun.objects.exists()


def test_an_unknown_check_is_refused(broken_books: None, alice: User) -> None:
    answer = client_of(alice).post(f"{URL}/reconcile", {"checks": ["nothing"]})

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_check")
