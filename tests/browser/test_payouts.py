"""Two people take a batch from what is due to what has arrived: each in a browser of their own, neither alone."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from audit.models import Finding
from config.simulators.mpesa import Mpesa
from identity.models import ApprovalPolicy, User
from identity.states import Role
from ledger.operations import work_intents
from payouts import tasks
from payouts.models import PayoutBatch
from tests.affiliates.conftest import assets, troupe
from tests.affiliates.factories import PayoutMethodFactory
from tests.affiliates.troupe import Troupe
from tests.affiliates.troupe import address as wallet
from tests.browser.conftest import NARROW, Visit, Visiting, with_address
from tests.browser.test_four_eyes import add_authenticator
from tests.browser.test_sign_in import code_for
from tests.conftest import member
from tests.evm.fixtures import chain, running_chain
from tests.factories import UserFactory
from tests.payouts.chain_house import DEPTH, ChainHouse, address, house_on
from tests.payouts.conftest import _let_them_vote
from tests.payouts.house import House
from tests.wallets.mpesa import secrets
from tests.wallets.notices import bank, notice, send
from wallets.models import RailAccount
from wallets.operations import activate_rail_account, draft_rail_account
from wallets.tasks import work_inbox

__all__ = ["assets", "chain", "running_chain", "troupe"]

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

ADA, BEA = address(1), address(2)


@pytest.fixture(autouse=True)
def _anchors_of_its_own(settings: Any, tmp_path: Any) -> None:
    settings.AUDIT_ANCHOR_FILE = tmp_path / "anchors.jsonl"


@pytest.fixture
def mpesa(settings: Any, live_server: Any) -> Iterator[Mpesa]:
    """M-Pesa, called over HTTP; and it calls the server that the browsers see."""
    served = Mpesa(0, seconds=0.05)
    thread = threading.Thread(target=served.serve)
    thread.start()
    settings.MPESA_URL, settings.PUBLIC_URL = served.url, live_server.url
    settings.EGRESS_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    yield served
    served.close()
    thread.join()


@pytest.fixture
def on_phones(troupe: Troupe, mpesa: Mpesa) -> House:
    drafted = draft_rail_account(
        program=troupe.program, rail="mpesa", name="till", number="600992", assets=["KES"], secrets=secrets(),
        at=timezone.now(),
    )  # fmt: skip
    account = activate_rail_account(drafted.pk, program_id=troupe.program.pk, version=1, at=timezone.now())
    house = house_of(troupe, account)
    house.funds("5000")
    return house


@pytest.fixture
def on_chain(troupe: Troupe, chain: Any, settings: Any) -> ChainHouse:
    """A program that lets one person agree to what is paid in its token."""
    any_account = RailAccount(name="none")
    made = house_on(chain, house_of(troupe, any_account), chain.deploy("Token", 6), settings)
    one = {"votes": 1, "roles": ["FINANCE_APPROVER"]}
    ApprovalPolicy.objects.create(
        program=troupe.program, kind="payouts.pay_batch", valid_from=timezone.now(),
        bands=[{"above": "0", **one}, {"above": "0", "asset": "TOK", **one}],
    )  # fmt: skip
    return made


def house_of(troupe: Troupe, account: RailAccount) -> House:
    mia = member(with_address(UserFactory(email="mia@example.com", name="Mia")), troupe.program, Role.FINANCE_MAKER)
    anton = member(
        with_address(UserFactory(email="anton@example.com", name="Anton")), troupe.program, Role.FINANCE_APPROVER
    )
    member(UserFactory(email="olivia@example.com", name="Olivia"), troupe.program, Role.OWNER)
    _let_them_vote(mia, anton)
    return House(troupe, mia, anton, account)


def sells(house: House, shop: RailAccount, name: str, amount: str, *, asset: str = "KES", **method: str) -> None:
    """Let a member of somebody's pay at the checkout, which tells it by a signed notice, long enough ago."""
    affiliate = house.troupe.affiliate(name)
    whose = wallet(0xC000 + len(house.troupe.members))
    house.troupe.member(f"{name}'s member", by=name, wallet_address=whose)
    told = notice("settlement.confirmed", reference=f"{name}-1", member=whose, asset=asset, amount=amount)
    assert send(shop, told).status_code == 202
    work_inbox()
    work_intents(seconds_at_most=5)
    house.troupe.mature()
    if method:
        PayoutMethodFactory(affiliate=affiliate, program=house.program, **method)


class Person:
    """Somebody at a browser, with a second factor."""

    def __init__(self, visit: Visit, user: User) -> None:
        self.visit = visit
        self.user = user
        visit.sign_in(user)
        self.secret = add_authenticator(visit)

    def see(self, path: str) -> Page:
        page = self.visit.open(path)
        assert self.visit.overflow() == 0, path
        return page

    def show_second_factor(self) -> None:
        page = self.visit.page
        assert self.visit.path() == "/accounts/2fa/reauthenticate/"
        cache.clear()  # a code is good once, and the next would take half a minute to come
        page.locator("input[name=code]").fill(code_for(self.secret))
        with page.expect_navigation():
            page.get_by_role("button", name="Confirm").click()


def begin(mia: Person, *, asset: str, note: str) -> PayoutBatch:
    page = mia.see("/admin/payouts/payoutbatch/")
    page.get_by_role("link", name="Begin a batch").click()
    page.get_by_label("Asset").select_option(asset)
    page.get_by_label("Note").fill(note)
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("Begun. Collect what is due.")).to_be_visible()
    page.get_by_role("button", name="Collect what is due").click()
    expect(page.get_by_text("left out. Each of those says why.")).to_be_visible()
    return PayoutBatch.objects.get(note=note)


def submit(mia: Person, batch: PayoutBatch) -> None:
    page = mia.visit.page
    page.get_by_role("link", name="Submit", exact=True).click()
    page.get_by_label("Reason").fill("The week's payouts")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("Submitted: others decide now. Nothing has moved yet.")).to_be_visible()


def can_not_agree_alone(mia: Person, batch: PayoutBatch) -> None:
    """The maker finds no ballot; and what a ballot would send is refused."""
    page = mia.visit.page
    page.get_by_role("link", name="Decide").click()
    expect(page.get_by_text("you have no vote on it")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    batch.refresh_from_db()
    proposal = batch.proposal
    assert proposal is not None
    token = next(each["value"] for each in mia.visit.context.cookies() if "csrf" in each["name"])
    answer = mia.visit.context.request.post(
        f"{mia.visit.base_url}/admin/identity/proposal/{proposal.pk}/vote/",
        form={"revision": str(proposal.revision), "digest": proposal.digest, "decision": "APPROVE"},
        headers={"X-CSRFToken": token, "Referer": mia.visit.base_url},
    )
    assert answer.status == 200, answer.text()
    proposal.refresh_from_db()
    assert (proposal.state, proposal.votes.count()) == ("PROPOSED", 0)


def agree(anton: Person, batch: PayoutBatch) -> None:
    """Read the batch, go on to the ballot, and vote with a second factor shown for it."""
    page = anton.visit.page
    page.get_by_role("link", name="Decide").click()
    ballot = page.get_by_role("button", name="Approve")
    expect(page.get_by_text(batch.digest[:12]).first).to_be_visible()
    with page.expect_navigation():
        ballot.click()
    anton.show_second_factor()
    page.get_by_label("Comment").fill("As every week.")
    with page.expect_navigation():
        ballot.click()
    expect(page.get_by_text("Voted.")).to_be_visible()


def have_it_sent(anton: Person, batch: PayoutBatch) -> None:
    page = anton.see(f"/admin/payouts/payoutbatch/{batch.pk}/change/")
    page.get_by_role("link", name="Have it sent").click()
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_text("It is on its way.")).to_be_visible()


def sees_paid(person: Person, batch: PayoutBatch, *receipts: str) -> None:
    page = person.see(f"/admin/payouts/payoutbatch/{batch.pk}/change/")
    expect(page.get_by_text("2 of 2 settled")).to_be_visible()
    for receipt in receipts:
        page.goto(f"{person.visit.base_url}/admin/payouts/payout/?batch__id__exact={batch.pk}&q={receipt}")
        page.get_by_role("rowheader").get_by_role("link").click()
        expect(page.get_by_text(receipt).first).to_be_visible()


def all_is_well() -> None:
    said = StringIO()
    with suppress(SystemExit):
        call_command("reconcile", "--json", stdout=said)
    run = json.loads(said.getvalue())
    found = list(Finding.objects.values_list("check_name", "title", "ours", "theirs"))
    assert found == [], found
    assert run["state"] == "CLEAN"


def test_two_people_pay_phones(visiting: Visiting, on_phones: House, mpesa: Mpesa) -> None:
    house = on_phones
    ada = with_address(UserFactory(email="ada@example.com", name="Ada Able"))
    house.troupe.affiliate("ada", user=ada)
    shop = bank(house.program, name="checkout")
    sells(house, shop, "ada", "1207.50", kind="MPESA", destination="254712000001")
    sells(house, shop, "bea", "3000", kind="MPESA", destination="254712009912")
    sells(house, shop, "cyd", "500")
    mia, anton = Person(visiting(), house.maker), Person(visiting(), house.approver)

    batch = begin(mia, asset="KES", note="Week 12")
    expect(mia.visit.page.get_by_text("There is nowhere to pay it to").first).to_be_visible()
    submit(mia, batch)
    can_not_agree_alone(mia, batch)
    batch.refresh_from_db()
    anton.see(f"/admin/payouts/payoutbatch/{batch.pk}/change/")
    expect(anton.visit.page.get_by_text("420.00 KES").first).to_be_visible()
    agree(anton, batch)
    have_it_sent(anton, batch)
    tasks.send()
    listen(mpesa)

    receipts = {payment.phone: payment.receipt for payment in mpesa.paid}
    assert {payment.phone: payment.amount for payment in mpesa.paid} == {"254712000001": 120, "254712009912": 300}
    for person in (mia, anton):
        sees_paid(person, batch, *receipts.values())
    phone = visiting(viewport=NARROW)
    phone.sign_in(ada)
    page = phone.open(f"/affiliate/in/{house.program.slug}/payouts/")
    expect(page.get_by_text("120.00 KES")).to_be_visible()
    expect(page.get_by_text("Paid", exact=True)).to_be_visible()
    expect(page.get_by_text(receipts["254712000001"])).to_be_visible()
    expect(page.get_by_text("0.75 KES can't be sent there, and stays due.")).to_be_visible()
    assert phone.overflow() == 0
    assert house.state(batch) == "EXECUTED"
    assert house.books() == {"float": "4580", "in_flight": "0", "fees": "0"}
    house.require_order()
    all_is_well()


def listen(mpesa: Mpesa) -> None:
    """Wait until M-Pesa has told all that it has to tell, and take it in."""
    until = time.monotonic() + 20
    while mpesa.open and time.monotonic() < until:
        time.sleep(0.02)
    assert (mpesa.open, mpesa.untold) == (0, [])
    work_inbox()


def test_two_people_pay_on_a_chain(visiting: Visiting, on_chain: ChainHouse) -> None:
    on, house = on_chain, on_chain.house
    ada = with_address(UserFactory(email="ada@example.com", name="Ada Able"))
    house.troupe.affiliate("ada", user=ada)
    shop = bank(house.program, name="checkout", assets=("TOK",))
    sells(house, shop, "ada", "1205", asset="TOK", kind="EVM", destination=ADA)
    sells(house, shop, "bea", "500.00001", asset="TOK", kind="EVM", destination=BEA)
    sells(house, shop, "cyd", "500", asset="TOK")
    mia, anton = Person(visiting(), house.maker), Person(visiting(), house.approver)

    batch = begin(mia, asset="TOK", note="On the chain")
    expect(mia.visit.page.get_by_text("There is nowhere to pay it to").first).to_be_visible()
    submit(mia, batch)
    can_not_agree_alone(mia, batch)
    batch.refresh_from_db()
    anton.see(f"/admin/payouts/payoutbatch/{batch.pk}/change/")
    expect(anton.visit.page.get_by_text("170.500001 TOK").first).to_be_visible()
    agree(anton, batch)
    have_it_sent(anton, batch)
    tasks.send()
    on.mine(DEPTH)
    on.ask()

    hashes = [on.attempt(name).receipt for name in ("ada", "bea")]
    assert (on.arrived(ADA), on.arrived(BEA)) == ([120_500_000], [50_000_001])
    for person in (mia, anton):
        sees_paid(person, batch, *hashes)
    phone = visiting(viewport=NARROW)
    phone.sign_in(ada)
    page = phone.open(f"/affiliate/in/{house.program.slug}/payouts/")
    expect(page.get_by_text("120.500000 TOK")).to_be_visible()
    expect(page.get_by_text(hashes[0][:10])).to_be_visible()
    assert phone.overflow() == 0
    assert house.state(batch) == "EXECUTED"
    on.require_order()
    all_is_well()
