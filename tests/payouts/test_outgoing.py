"""What is owed to somebody outside: who says where it goes, in the back office and over the API; and it gets there."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from audit.models import Entry
from identity.errors import VoterIsMaker
from identity.models import User
from identity.states import Role
from ledger.operations import open_account
from payouts.models import Payout
from tests.conftest import member
from tests.factories import UserFactory
from tests.payouts.conftest import _let_them_vote
from tests.payouts.house import House
from tests.payouts.till import TILL
from tests.signed_in import BACKEND, with_second_factor
from tests.wallets.purses import Purses
from wallets.errors import BadPayee
from wallets.models import Outgoing

pytestmark = pytest.mark.django_db

PHONE = "254712000001"


@pytest.fixture
def house(house_of_two: House) -> House:
    house_of_two.funds("1000")
    return house_of_two


@pytest.fixture
def owed(house: House) -> Outgoing:
    """Ann paid 25 at the shop, and gets 15 back there; nobody knows yet from which phone it came."""
    purses = Purses(house.program)
    payment = purses.direct("ann", "25", rail="shop")
    payment = purses.of("confirm_payment", payment, receipt="QX1")
    back: Outgoing = purses.of("refund", payment, "15", rail="shop").outgoing
    return back


@pytest.fixture
def second_maker(house: House) -> User:
    """Somebody who makes payouts and, today, votes on none."""
    olga = member(UserFactory(email="olga@example.com", name="Olga"), house.program, Role.OWNER)
    _let_them_vote(olga)
    return olga


def page_of(user: User) -> Client:
    client: Client = with_second_factor(Client(), user)
    return client


def api_of(house: House, user: User) -> APIClient:
    client = APIClient(headers={"X-Program": house.program.slug, "Idempotency-Key": uuid4().hex})
    client.force_login(user, backend=BACKEND)
    return client


def address(owed: Outgoing) -> str:
    return f"/admin/wallets/outgoing/{owed.pk}/address/"


def test_nothing_is_paid_before_somebody_says_where(house: House, owed: Outgoing) -> None:
    batch = house.collected()

    assert house.payouts(batch) == ["outgoing 15 EXCLUDED no_destination"]


def test_it_is_addressed_on_its_page_and_paid_by_others(house: House, owed: Outgoing, second_maker: User) -> None:
    client = page_of(second_maker)
    waiting = client.get("/admin/wallets/outgoing/", {"address": "missing"})
    assert b"Nobody has said" in waiting.content
    assert b"Say where it goes" in client.get(f"/admin/wallets/outgoing/{owed.pk}/change/").content

    answer = client.post(address(owed), {"destination": PHONE, "holder": "  Ann   Able "}, follow=True)

    assert b"The next batch can pay it. You have no vote on that." in answer.content
    owed.refresh_from_db()
    assert (owed.destination, owed.holder, owed.addressed_by) == (PHONE, "Ann Able", f"user:{second_maker.pk}")
    assert b"Ann" not in client.get("/admin/wallets/outgoing/", {"address": "missing"}).content
    batch = house.submitted()
    with pytest.raises(VoterIsMaker):
        house.agree(batch, by=second_maker)
    house.agree(batch)
    house.do("execute_batch", batch, by=house.maker)
    house.send()
    assert house.payouts(batch) == ["outgoing 15 PAID"]
    assert TILL.sums() == {PHONE: 15}
    owed.refresh_from_db()
    assert owed.state == "PAID"
    assert house.troupe.balance(f"outgoing:{owed.pk}") == "0"
    house.require_order()
    assert b"Send it elsewhere" not in client.get(f"/admin/wallets/outgoing/{owed.pk}/change/").content


def test_what_is_agreed_to_is_held_when_it_is_sent_elsewhere_meanwhile(house: House, owed: Outgoing) -> None:
    api_of(house, house.maker).post(f"/api/v2/outgoing/{owed.pk}/address", {"destination": PHONE}, format="json")
    batch = house.approved()

    api_of(house, house.maker).post(f"/api/v2/outgoing/{owed.pk}/address", {"destination": "254712000002"})
    house.do("execute_batch", batch, by=house.maker)
    house.send()

    assert house.payouts(batch) == ["outgoing 15 HELD payee_changed"]
    assert TILL.sums() == {}


def test_of_one_paid_in_parts_and_given_up_the_next_batch_pays_the_rest(house: House, owed: Outgoing) -> None:
    """It was collected whole again, and its account, which has only the rest, refused what a rail had carried."""
    TILL.least, TILL.most = Decimal(1), Decimal(10)
    TILL.behaves = lambda order: "paid" if order.amount == 10 else "refused"
    client = api_of(house, house.maker)
    client.post(f"/api/v2/outgoing/{owed.pk}/address", {"destination": PHONE}, format="json")
    first = house.started()
    house.send()
    assert house.payouts(first) == ["outgoing 15 FAILED 2040"]
    house.do("release_payout", Payout.objects.get(batch=first), reason="Ann has another phone soon")
    assert house.troupe.balance(f"outgoing:{owed.pk}") == "5"
    [row] = client.get("/api/v2/outgoing").json()["results"]
    assert (row["amount"], row["owed"]) == ("15", "5")
    assert client.get(f"/api/v2/outgoing/{owed.pk}").json() == row
    assert b"5.00 KES" in page_of(house.maker).get(f"/admin/wallets/outgoing/{owed.pk}/change/").content

    TILL.behaves = lambda order: "paid"
    second = house.started()
    house.send()

    assert house.payouts(second) == ["outgoing 5 PAID"]
    assert TILL.sums() == {PHONE: 15}
    owed.refresh_from_db()
    assert owed.state == "PAID"
    assert house.troupe.balance(f"outgoing:{owed.pk}") == "0"
    house.require_order()


def test_it_is_addressed_over_the_api_once(house: House, owed: Outgoing) -> None:
    client = api_of(house, house.maker)
    [row] = client.get("/api/v2/outgoing", {"is_addressed": "false"}).json()["results"]
    assert (row["id"], row["amount"], row["asset"], row["destination"]) == (str(owed.pk), "15", "KES", "")

    first = client.post(f"/api/v2/outgoing/{owed.pk}/address", {"destination": PHONE}, format="json")
    again = client.post(f"/api/v2/outgoing/{owed.pk}/address", {"destination": PHONE}, format="json")

    assert (first.status_code, first.json()["destination"], first.json()["owed"]) == (200, PHONE, "15")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Entry.objects.filter(action="wallets.outgoing.addressed").count() == 1
    assert client.get("/api/v2/outgoing", {"is_addressed": "false"}).json()["results"] == []


@pytest.mark.parametrize(
    ("rail", "code"), [("shop", "bad_payee"), ("elsewhere", "bad_payee")], ids=["nobody there", "nothing can be sent"]
)
def test_where_nobody_can_be_paid_it_is_refused(
    house: House, owed: Outgoing, rail: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(destination: str) -> str:
        raise BadPayee(reason="the till knows no such phone")

    monkeypatch.setattr(TILL, "checked", refuse, raising=False)
    if rail != "shop":
        owed = _through(house, rail)

    answer = api_of(house, house.maker).post(f"/api/v2/outgoing/{owed.pk}/address", {"destination": "?"})

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    owed.refresh_from_db()
    assert (owed.destination, owed.addressed_by) == ("", "")
    page = page_of(house.maker).post(address(owed), {"destination": "?"})
    assert b"Nobody can be paid there" in page.content


def _through(house: House, rail: str) -> Outgoing:
    """Return what is owed through a rail of which the program has books, and no account that sends."""
    for part in ("clearing", "float"):
        open_account(f"rail:{rail}:{part}", program=house.program, asset_code="KES", at=timezone.now())
    purses = Purses(house.program)
    payment = purses.direct("bob", "9", rail=rail, key="bob")
    payment = purses.of("confirm_payment", payment, receipt="QX2")
    back: Outgoing = purses.of("refund", payment, "4", rail=rail, key="back").outgoing
    return back


def test_what_is_paid_is_addressed_no_more(house: House, owed: Outgoing) -> None:
    said: dict[str, Any] = {"destination": PHONE}
    api_of(house, house.maker).post(f"/api/v2/outgoing/{owed.pk}/address", said, format="json")
    house.started()
    house.send()

    answer = api_of(house, house.maker).post(f"/api/v2/outgoing/{owed.pk}/address", {"destination": "254712000009"})

    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    owed.refresh_from_db()
    assert owed.destination == PHONE


def test_who_may_not_refund_addresses_nothing(house: House, owed: Outgoing) -> None:
    answer = page_of(house.approver).post(address(owed), {"destination": PHONE})

    assert answer.status_code == 403
    owed.refresh_from_db()
    assert owed.destination == ""
