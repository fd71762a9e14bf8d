"""An owner on a phone takes money out, one of the staff approves it, and the owner sees it arrive."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from identity.models import User
from identity.states import Role
from tests.affiliates.conftest import assets, troupe
from tests.affiliates.troupe import Troupe
from tests.browser.conftest import NARROW, Visiting, with_address
from tests.conftest import member
from tests.factories import MembershipFactory, PartyFactory, UserFactory
from tests.payouts import till
from tests.payouts.conftest import _let_them_vote
from tests.payouts.house import House
from wallets.models import Withdrawal
from wallets.operations import activate_rail_account, draft_rail_account, open_wallet, top_up

__all__ = ["assets", "troupe"]

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _anchors_of_its_own(settings: Any, tmp_path: Any) -> None:
    settings.AUDIT_ANCHOR_FILE = tmp_path / "anchors.jsonl"


@pytest.fixture
def house(troupe: Troupe) -> House:
    till.register()
    till.TILL.reset()
    drafted = draft_rail_account(
        program=troupe.program, rail=till.NAME, name="shop", number="1", assets=["KES"], secrets={}, at=timezone.now()
    )
    account = activate_rail_account(drafted.pk, program_id=troupe.program.pk, version=1, at=timezone.now())
    maker, approver = (
        member(with_address(UserFactory(email=f"{name.lower()}@example.com", name=name)), troupe.program, role)
        for name, role in (("Mia", Role.FINANCE_MAKER), ("Anton", Role.FINANCE_APPROVER))
    )
    _let_them_vote(maker, approver)
    house = House(troupe, maker, approver, account)
    house.funds("5000")
    return house


@pytest.fixture
def ann(house: House) -> User:
    """Has two thousand shillings."""
    user: User = with_address(UserFactory(email="ann@example.com", name="Ann Able"))
    MembershipFactory(user=user, program=house.program)
    party = PartyFactory(program=house.program, name="Ann Able", user=user)
    wallet = open_wallet(party.pk, program_id=house.program.pk, asset_code="KES", at=timezone.now())
    top_up(
        wallet.pk, program_id=house.program.pk, amount=Decimal(2_000), rail="shop", key="salary",
        description="Salary", at=timezone.now(),
    )  # fmt: skip
    return user


def test_it_is_asked_for_on_a_phone_approved_at_a_desk_and_arrives(visiting: Visiting, house: House, ann: User) -> None:
    phone = visiting(viewport=NARROW)
    phone.sign_in(ann)
    page = phone.page
    page.get_by_role("link", name=re.compile("Kenyan shilling")).first.click()
    page.get_by_role("link", name="Withdraw", exact=True).click()
    page.get_by_label("Amount in KES").fill("2001")
    page.get_by_label("Number or address").fill("0712 345 678")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("2,000.00 KES is available")).to_be_visible()
    assert phone.overflow() == 0
    page.get_by_label("Amount in KES").fill("1200")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("M-Pesa, 0712 345 678")).to_be_visible()
    assert phone.overflow() == 0
    page.get_by_role("button", name="Withdraw 1,200.00 KES").click()
    expect(page.get_by_text("M-Pesa: 254712345678")).to_be_visible()

    desk = visiting()
    desk.sign_in(house.maker)
    desk.open("/admin/wallets/withdrawal/")
    desk.page.get_by_role("link", name="Ann Able").first.click()
    desk.page.get_by_role("link", name="Approve", exact=True).click()
    expect(desk.page.get_by_text("800.00 KES")).to_be_visible()
    desk.page.get_by_role("button", name="Approve").click()
    expect(desk.page.get_by_text("You have no vote on that.")).to_be_visible()

    house.started()
    house.send()

    withdrawal = Withdrawal.objects.get()
    assert withdrawal.state == "PAID"
    phone.open(f"/portal/wallets/{withdrawal.wallet_id}/withdraw/")
    expect(page.get_by_text("Paid", exact=True)).to_be_visible()
    expect(page.get_by_text(withdrawal.receipt)).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Cancel the withdrawal"))).to_have_count(0)
    assert phone.overflow() == 0
