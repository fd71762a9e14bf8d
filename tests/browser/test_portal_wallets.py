"""A customer on a phone: what is there, sending some of it, and seeing it on both sides."""

import re
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from audit.context import acting_as
from identity.models import Program, User
from ledger.operations import define_asset
from ledger.states import AssetKind
from tests.browser.conftest import NARROW, Visit, Visiting, with_address
from tests.browser.test_pages import look_at
from tests.factories import MembershipFactory, PartyFactory, UserFactory
from wallets.models import Wallet
from wallets.operations import open_wallet, spend, top_up

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def people(program: Program) -> tuple[User, User]:
    """Two customers, one of whom has gold and many transactions."""
    now = timezone.now()
    with acting_as("test", "pytest"):
        define_asset("GOLD", name="Gold Coins", kind=AssetKind.POINTS, scale=0)
        users, wallets = [], []
        for name in ("Ann Able", "Ben Baker"):
            user = with_address(UserFactory(email=f"{name.split()[0].lower()}@example.com", name=name))
            MembershipFactory(user=user, program=program)
            party = PartyFactory(program=program, name=name, user=user)
            wallets.append(open_wallet(party.pk, program_id=program.pk, asset_code="GOLD", at=now))
            users.append(user)
        top_up(wallets[0].pk, program_id=program.pk, amount=Decimal(1_000), key="salary", description="Salary", at=now)
        for number in range(30):
            spend(wallets[0].pk, program_id=program.pk, amount=Decimal(1), key=f"spent-{number}", at=timezone.now())
    return users[0], users[1]


def on_a_phone(visiting: Visiting, user: User) -> Visit:
    visit = visiting(viewport=NARROW)
    visit.sign_in(user)
    assert visit.path() == "/portal/"
    return visit


def test_gold_is_sent_from_a_phone_and_seen_on_both_sides(visiting: Visiting, people: tuple[User, User]) -> None:
    ann, ben = (on_a_phone(visiting, user) for user in people)
    page = ann.page
    page.get_by_role("link", name="Gold Coins 970 GOLD").click()
    expect(page.get_by_role("heading", name="Gold Coins", level=1)).to_be_visible()
    assert ann.overflow() == 0

    page.get_by_role("link", name="Transfer", exact=True).click()
    page.get_by_label("To").fill("ben@example.com")
    page.get_by_label("Amount in GOLD").fill("971")
    page.get_by_label("Note").fill("For lunch")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("970 GOLD is available, and 971 GOLD is more than that.")).to_be_visible()
    assert page.get_by_label("To").input_value() == "ben@example.com"

    page.get_by_label("Amount in GOLD").fill("70")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Is this right?")).to_be_visible()
    expect(page.get_by_text("900 GOLD")).to_be_visible()
    assert ann.overflow() == 0
    page.get_by_role("button", name="Send 70 GOLD").dblclick()
    # The second click ends the navigation that the first began: where it leads is waited for, and not that it is whole.
    expect(page).to_have_url(re.compile(r"/transactions/[^/]+/$"))
    expect(page.get_by_role("heading", name="Transfer to Ben Baker")).to_be_visible()
    assert ann.overflow() == 0

    ann.open("/portal/")
    expect(page.get_by_role("link", name="Gold Coins 900 GOLD")).to_be_visible()
    ben.open("/portal/")
    expect(ben.page.get_by_role("link", name="Gold Coins 70 GOLD")).to_be_visible()
    ben.page.get_by_role("link", name="Transfer from Ann Able").click()
    expect(ben.page.get_by_text("+70 GOLD")).to_be_visible()


def test_the_filters_answer_in_place_and_work_without_scripts(visiting: Visiting, people: tuple[User, User]) -> None:
    ann = on_a_phone(visiting, people[0])
    page = ann.page
    page.get_by_role("link", name="Gold Coins 970 GOLD").click()
    page.wait_for_url("**/portal/wallets/*/")
    page.evaluate("document.documentElement.dataset.same = 'page'")

    page.get_by_label("What").select_option(label="Deposit")

    expect(page.locator(".lines tbody tr")).to_have_count(1)
    expect(page.locator(".lines")).to_contain_text("Salary")
    assert page.evaluate("document.documentElement.dataset.same") == "page"  # it was not loaded anew
    assert "type=DEPOSIT" in page.url

    without = visiting(viewport=NARROW, java_script_enabled=False)
    without.sign_in(people[0])
    page = without.open(f"/portal/wallets/{Wallet.objects.earliest('id').pk}/")
    expect(page.locator(".lines tbody tr")).to_have_count(25)
    page.get_by_role("link", name="Older").click()
    expect(page.locator(".lines tbody tr")).to_have_count(6)
    page.get_by_label("Reference").fill("Salary")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".lines tbody tr")).to_have_count(1)


def test_the_pages_of_wallets(visit: Visit, people: tuple[User, User]) -> None:
    wallet = Wallet.objects.earliest("id")
    here, line = f"/portal/wallets/{wallet.pk}/", wallet.transactions.latest("number")
    visit.sign_in(people[0])

    pages = ("", "transfer/", "pay/", "statements/", f"transactions/{line.pk}/")
    look_at(visit, ["/portal/", "/portal/wallets/", *(here + page for page in pages)])


def test_the_back_office_s_pages_of_wallets(visit: Visit, owner: User, people: tuple[User, User]) -> None:
    wallet = Wallet.objects.earliest("id")
    here, line = f"/admin/wallets/wallet/{wallet.pk}/", wallet.transactions.latest("number")
    visit.sign_in(owner)

    look_at(
        visit,
        [
            "/admin/wallets/wallet/", "/admin/wallets/wallettransaction/", "/admin/wallets/paymentrecord/",
            f"{here}change/", f"{here}adjust/", f"/admin/wallets/wallettransaction/{line.pk}/change/",
        ],
    )  # fmt: skip
