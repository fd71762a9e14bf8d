"""Rails through the API and the back office, as those who look after them do it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from audit.models import Entry
from identity.models import IdempotencyRecord, Proposal, User
from identity.operations import vote
from identity.states import Decision
from tests.wallets.notices import SECRET, bank, deposit, send
from tests.wallets.purses import Purses
from wallets.models import RailAccount, RailEvent
from wallets.operations import work_inbox
from wallets.queries.inbox import waiting_or_changed

pytestmark = pytest.mark.django_db

ACCOUNTS, EVENTS = "/api/v2/rail-accounts", "/api/v2/rail-events"
DRAFT: dict[str, Any] = {"rail": "signed", "name": "bank", "number": "ACME-1", "assets": ["KES"],
                         "secrets": {"secret": SECRET}}  # fmt: skip


@pytest.fixture
def api(mia: User, api_as: Any) -> APIClient:
    client: APIClient = api_as(mia)
    return client


@pytest.fixture
def office(mia: User) -> Client:
    client = Client()
    client.force_login(mia)
    return client


def asked(client: APIClient, path: str, **body: Any) -> Any:
    return client.post(path, body, format="json", headers={"Idempotency-Key": uuid4().hex})


def agreed(proposal: Proposal) -> None:
    vote(
        proposal.pk, digest=proposal.digest, revision=proposal.revision, decision=Decision.APPROVE,
        by=User.objects.get(email="anton@example.com"), at=timezone.now(),
    )  # fmt: skip


def test_an_account_is_drafted_and_used(purses: Purses, api: APIClient) -> None:
    answer = asked(api, ACCOUNTS, **DRAFT)

    assert (answer.status_code, answer.json()["state"]) == (201, "DRAFT")
    assert SECRET not in answer.content.decode()
    assert not IdempotencyRecord.objects.filter(body__icontains=SECRET).exists()
    told = {"kind": "wallets.activate_rail_account", "program": purses.program.slug, "reason": "New bank"}
    assert asked(api, "/api/v2/proposals", **told, payload={"rail_account": answer.json()["id"]}).status_code == 201
    agreed(Proposal.objects.get())
    assert api.get(f"{ACCOUNTS}/{answer.json()['id']}").json()["state"] == "ACTIVE"

    stopped = asked(api, f"{ACCOUNTS}/{answer.json()['id']}/stop", reason="It behaves oddly")
    assert stopped.json()["state"] == "STOPPED"
    assert asked(api, f"{ACCOUNTS}/{answer.json()['id']}/stop", reason="Again").status_code == 409


@pytest.mark.parametrize(
    ("other", "status"),
    [
        ({"rail": "x"}, 422),
        ({"secrets": {}}, 422),
        ({"assets": []}, 400),
        ({"secrets": "x"}, 400),
        ({"name": "A"}, 422),
    ],
)
def test_what_can_t_be_is_refused(purses: Purses, api: APIClient, other: Any, status: int) -> None:
    assert asked(api, ACCOUNTS, **{**DRAFT, **other}).status_code == status
    assert not RailAccount.objects.exists()


def test_the_inbox_is_read_and_worked(purses: Purses, api: APIClient) -> None:
    account = bank(purses.program)
    send(account, deposit(purses.wallet("ann"), asset="XXX", key="e-1"))
    send(account, deposit(purses.wallet("ann"), key="e-2"))
    work_inbox(seconds_at_most=9)

    [failed] = api.get(EVENTS, {"state": "FAILED", "rail_account": "bank"}).json()["results"]
    assert (failed["external_id"], failed["data"]["asset"]) == ("e-1", "XXX")
    assert "XXX" in failed["verdict"]
    again = asked(api, f"{EVENTS}/{failed['id']}/replay", reason="Perhaps now").json()
    assert (again["state"], again["attempts"]) == ("FAILED", 1)
    assert asked(api, f"{EVENTS}/{failed['id']}/ignore", reason="A test").json()["state"] == "IGNORED"
    assert asked(api, f"{EVENTS}/{failed['id']}/replay", reason="x").status_code == 409
    assert Entry.objects.filter(action="wallets.rail_event.replayed").count() == 1


def test_the_back_office_does_the_same(purses: Purses, office: Client) -> None:
    page = office.post(
        reverse("admin:wallets_railaccount_draft"),
        {
            "program": str(purses.program.pk), "rail": "signed", "name": "bank", "number": "ACME-1", "assets": ["KES"],
            "secret_signed_secret": SECRET,
        },
    )  # fmt: skip
    account = RailAccount.objects.get()
    assert page.status_code == 302
    page = office.post(reverse("admin:wallets_railaccount_activate", args=[account.pk]), {"reason": "New bank"})
    agreed(Proposal.objects.get())
    account.refresh_from_db()
    assert account.state == "ACTIVE"
    shown = office.get(reverse("admin:wallets_railaccount_change", args=[account.pk])).content.decode()
    assert "/api/v2/hooks/s/" in shown
    assert "rail:bank:suspense" in shown
    assert SECRET not in shown

    edit = {"version": "1", "number": "ACME-2", "assets": ["KES"], "reason": "Moved"}
    assert office.post(reverse("admin:wallets_railaccount_edit", args=[account.pk]), edit).status_code == 302
    agreed(Proposal.objects.get(kind="wallets.change_rail_account"))
    account.refresh_from_db()
    assert (account.number, account.version) == ("ACME-2", 2)
    stale = office.post(reverse("admin:wallets_railaccount_edit", args=[account.pk]), edit)
    assert "look again" in stale.content.decode()

    send(account, deposit("<b>nobody</b>", asset="XXX"))
    work_inbox(seconds_at_most=9)
    event = RailEvent.objects.get()
    shown = office.get(reverse("admin:wallets_railevent_change", args=[event.pk])).content.decode()
    assert "&lt;b&gt;nobody&lt;/b&gt;" in shown
    assert "1 failed notice of rails" in office.get(reverse("admin:index")).content.decode()
    ignore = reverse("admin:wallets_railevent_ignore", args=[event.pk])
    assert "Say in a few words why." in office.post(ignore, {}, follow=True).content.decode()
    assert "It is ignored now" in office.post(ignore, {"reason": "A test"}, follow=True).content.decode()


def test_what_waits_too_long_or_was_changed_is_found(purses: Purses) -> None:
    account, now = bank(purses.program), timezone.now()
    send(account, deposit(purses.wallet("ann"), asset="XXX", key="e-1"))
    send(account, deposit(purses.wallet("ann"), "1", key="e-2"))
    send(account, deposit(purses.wallet("ann"), "2", key="e-2"))
    work_inbox(seconds_at_most=9)

    def found(at: Any) -> set[tuple[str, str]]:
        return {(event.external_id, what) for event, what in waiting_or_changed(program_id=purses.program.pk, at=at)}

    assert found(now) == {("e-2", "was told otherwise before")}
    assert found(now + timedelta(hours=1)) == {("e-1", "is not taken in"), ("e-2", "was told otherwise before")}
