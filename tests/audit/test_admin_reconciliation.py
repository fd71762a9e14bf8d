"""Reconciliation in the back office: ask now, take a finding, explain or mend it, with words."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Entry, Finding, ReconciliationRun
from identity.models import Program, User
from identity.states import Role
from tests.factories import FindingFactory, MembershipFactory
from tests.signed_in import BACKEND

pytestmark = pytest.mark.django_db


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


@pytest.fixture
def maker(program: Program) -> User:
    return MembershipFactory(program=program, role=Role.FINANCE_MAKER).user  # type: ignore[no-any-return]


@pytest.fixture
def finding(program: Program) -> Finding:
    return FindingFactory(program_id=program.pk)


def page(client: Client, finding: Finding) -> str:
    answer = client.get(reverse("admin:audit_finding_change", args=[finding.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def take(client: Client, finding: Finding) -> Any:
    return client.post(reverse("admin:audit_finding_take", args=[finding.pk]), follow=True)


def settle(client: Client, finding: Finding, how: str, note: str) -> Any:
    return client.post(reverse("admin:audit_finding_settle", args=[finding.pk, how]), {"note": note}, follow=True)


def test_both_sides_stand_on_the_page(maker: User, finding: Finding) -> None:
    text = page(client_of(maker), finding)

    for words in ("The books differ", "1.00", "2.00", "Take it"):
        assert words in text
    assert "Call it mended" not in text


@pytest.mark.parametrize(("how", "state"), [("explain", "EXPLAINED"), ("resolve", "RESOLVED")])
def test_a_finding_is_taken_and_settled_with_words(maker: User, finding: Finding, how: str, state: str) -> None:
    client = client_of(maker)
    take(client, finding)
    assert "Call it mended" in page(client, finding)

    assert "Say in a few words why" in settle(client, finding, how, "").content.decode()
    settle(client, finding, how, "a late file")

    finding.refresh_from_db()
    assert (finding.state, finding.note, finding.assignee_id) == (state, "a late file", maker.pk)
    assert Entry.objects.about(finding).filter(actor_id=str(maker.pk)).count() == 2


def test_what_nobody_has_taken_is_not_settled(maker: User, finding: Finding) -> None:
    assert "Nothing was changed" in settle(client_of(maker), finding, "resolve", "x").content.decode()

    finding.refresh_from_db()
    assert (finding.state, finding.note) == ("OPEN", "")


def test_an_auditor_looks_and_touches_nothing(program: Program, finding: Finding) -> None:
    client = client_of(MembershipFactory(program=program, role=Role.AUDITOR).user)

    assert "Take it" not in page(client, finding)
    assert take(client, finding).status_code == 403
    assert settle(client, finding, "explain", "x").status_code == 403
    finding.refresh_from_db()
    assert finding.state == "OPEN"


def test_another_s_finding_is_not_there(charlie: User, finding: Finding) -> None:
    stranger = MembershipFactory(program=charlie.memberships.get().program, role=Role.FINANCE_MAKER).user
    client = client_of(stranger)

    assert "The books differ" not in client.get(reverse("admin:audit_finding_changelist")).content.decode()
    assert take(client, finding).status_code == 404
    assert settle(client, finding, "explain", "x").status_code == 404
    finding.refresh_from_db()
    assert finding.state == "OPEN"


def test_another_way_of_settling_does_not_exist(maker: User, finding: Finding) -> None:
    assert settle(client_of(maker), finding, "forget", "x").status_code == 404


def test_a_get_changes_nothing(maker: User, finding: Finding) -> None:
    client_of(maker).get(reverse("admin:audit_finding_take", args=[finding.pk]))

    finding.refresh_from_db()
    assert finding.state == "OPEN"


def test_the_house_s_staff_ask_now(alice: User) -> None:
    client = client_of(alice)
    assert "Reconcile now" in client.get(reverse("admin:audit_reconciliationrun_changelist")).content.decode()

    answer = client.post(reverse("admin:audit_reconciliationrun_ask"), follow=True)

    run = ReconciliationRun.objects.get()
    assert answer.request["PATH_INFO"] == reverse("admin:audit_reconciliationrun_change", args=[run.pk])
    assert "Proposals say what was voted on" in answer.content.decode()
    assert run.asked_by == f"user:{alice.pk}"


def test_others_do_not(maker: User) -> None:
    client = client_of(maker)

    assert "Reconcile now" not in client.get(reverse("admin:audit_reconciliationrun_changelist")).content.decode()
    assert client.post(reverse("admin:audit_reconciliationrun_ask")).status_code == 403
    assert not ReconciliationRun.objects.exists()


def test_looking_at_the_button_s_address_asks_nothing(alice: User) -> None:
    client_of(alice).get(reverse("admin:audit_reconciliationrun_ask"))

    assert not ReconciliationRun.objects.exists()


def test_the_home_page_says_that_findings_wait(maker: User, finding: Finding, charlie: User, program: Program) -> None:
    stranger = MembershipFactory(program=charlie.memberships.get().program, role=Role.FINANCE_MAKER).user

    assert "1 finding to explain or mend" in client_of(maker).get("/admin/").content.decode()
    assert "to explain or mend" not in client_of(stranger).get("/admin/").content.decode()
