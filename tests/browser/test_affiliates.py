"""Somebody follows a link and joins; an affiliate on a phone; and rows ticked in the back office."""

from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from affiliates.models import Click, Commission, Member
from audit.context import acting_as
from identity.models import Program, User, WalletAddress
from identity.operations import record_terms
from ledger.operations import define_asset, open_account, work_intents
from ledger.states import AssetKind
from tests.affiliates.troupe import RAIL, Troupe, address
from tests.browser.conftest import NARROW, Visiting, with_address
from tests.factories import UserFactory

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

# The one that tests run calls itself headless, and such are not counted.
SOMEBODY = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


@pytest.fixture
def troupe(program: Program) -> Troupe:
    """Ann, who earns, with two levels below her."""
    now = timezone.now()
    Program.objects.filter(pk=program.pk).update(default_asset_code="KES")
    program.refresh_from_db()
    with acting_as("test", "pytest"):
        define_asset("KES", name="Kenyan shilling", kind=AssetKind.FIAT, scale=4, payable_scale=2)
        record_terms(
            program=program, base_commission_rate=Decimal("0.1"), override_commission_rate=Decimal("0.02"),
            valid_from=program.created_at, reason="to begin with", at=now,
        )  # fmt: skip
        for part in ("clearing", "float"):
            open_account(f"rail:{RAIL}:{part}", program=program, asset_code="KES", at=now)
        troupe = Troupe(program)
        user = with_address(UserFactory(email="ann@example.com", name="Ann Able"))
        troupe.affiliate("ann", user=user)
        troupe.affiliate("ben", under="ann")
        troupe.affiliate("cora", under="ben")
        troupe.member("mo", by="ann")
        troupe.settle("mo", "1000")
    return troupe


def test_somebody_follows_a_link_and_joins(visiting: Visiting, troupe: Troupe) -> None:
    visit = visiting(viewport=NARROW, user_agent=SOMEBODY)
    user = with_address(UserFactory(email="nina@example.com", name="Nina New"))
    WalletAddress.objects.create(user=user, address=address(0xB1), chain_id=1, proven_at=timezone.now())
    code = troupe.affiliates["ann"].code

    page = visit.open(f"/r/{code}")
    expect(page.get_by_text(f"Invited by {code}")).to_be_visible()
    assert visit.overflow() == 0
    page.get_by_role("link", name="I have an account").click()
    visit.fill_sign_in(user.email)
    assert visit.path() == f"/join/{troupe.program.slug}/"
    page.get_by_role("button", name="Join Acme").click()
    expect(page.get_by_text("You are being registered")).to_be_visible()
    with acting_as("test", "pytest"):
        work_intents(seconds_at_most=5)

    expect(page.get_by_role("heading", name="Your claims")).to_be_visible()
    member = Member.objects.get(user=user)
    assert member.affiliate == troupe.affiliates["ann"]
    assert Click.objects.count() == 1


def test_an_affiliate_on_a_phone(visiting: Visiting, troupe: Troupe) -> None:
    visit = visiting(viewport=NARROW)
    user = User.objects.get(email="ann@example.com")
    visit.sign_in(user)

    page = visit.open(f"/affiliate/in/{troupe.program.slug}/")
    expect(page.locator("canvas")).to_be_visible()
    assert page.evaluate("Chart.getChart(document.querySelector('canvas')).data.datasets[0].data.length") == 30
    assert visit.overflow() == 0
    page.get_by_role("link", name="Commissions", exact=True).click()
    page.get_by_label("State").select_option("PAID")
    expect(page.get_by_text("No commission fits what you asked for")).to_be_visible()
    page.get_by_role("link", name="Show everything").click()
    page.get_by_role("link", name="Direct").click()
    expect(page.get_by_text("There is nowhere to pay it to")).to_be_visible()
    assert visit.overflow() == 0
    page.get_by_role("link", name="Downline", exact=True).click()
    page.get_by_role("link", name="Show the 1 right under").click()
    expect(page.get_by_text(troupe.affiliates["cora"].code)).to_be_visible()
    assert visit.path().endswith("/downline/")
    page.get_by_role("link", name="Your link", exact=True).click()
    expect(page.get_by_role("img", name="Code to scan")).to_be_visible()
    assert visit.overflow() == 0


def test_a_code_is_checked_while_it_is_typed(visiting: Visiting, troupe: Troupe) -> None:
    visit = visiting()
    visit.sign_in(with_address(UserFactory(email="nina@example.com", name="Nina New")))

    page = visit.open(f"/affiliate/join/{troupe.program.slug}/")
    page.get_by_label("The code you would like").press_sequentially("nina-shares")
    expect(page.get_by_text("nina-shares is free.")).to_be_visible()
    page.get_by_label("The code you would like").fill(troupe.affiliates["ann"].code)
    expect(page.get_by_text("is taken.")).to_be_visible()


def test_rows_are_ticked_and_held_together(visiting: Visiting, troupe: Troupe, owner: User) -> None:
    visit = visiting()
    visit.sign_in(owner)

    page = visit.open("/admin/affiliates/commission/")
    page.get_by_role("checkbox").first.check()
    page.get_by_label("Why?").fill("Looks odd")
    page.get_by_role("button", name="Hold").click()

    expect(page.get_by_text("Held.")).to_be_visible()
    assert Commission.objects.get().held_reason == "Looks odd"
