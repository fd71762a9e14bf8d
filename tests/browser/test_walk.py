"""The whole way: a newcomer is invited and shares a link, a member joins by it and pays, some goes back; all agrees.

Where a person uses a page there is a browser; where a machine calls there is HTTP.
"""

import json
import re
from io import StringIO

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import expect

from affiliates.models import Affiliate, Click, Member
from audit.context import acting_as
from identity.models import Program, User
from identity.states import Role
from ledger.operations import define_asset, work_intents
from ledger.states import AssetKind
from tests.affiliates.conftest import troupe_of
from tests.affiliates.troupe import Troupe
from tests.browser.conftest import Visit, Visiting, with_address
from tests.conftest import member
from tests.factories import PASSWORD, UserFactory
from tests.wallet import ADDRESS, sign
from tests.wallets.notices import SECRET, bank, notice
from wallets.models import RailAccount
from wallets.operations import work_inbox
from wallets.queries.rail_accounts import hook_path
from wallets.rails.signed import signature

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

# The one that tests run calls itself headless, and such are not counted.
SOMEBODY = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"

MINUS = "\N{MINUS SIGN}"


@pytest.fixture
def troupe(program: Program, acting: None) -> Troupe:
    """Ann, who is an affiliate already, and the cast that looks after the program."""
    define_asset("KES", name="Kenyan shilling", kind=AssetKind.FIAT, scale=4, payable_scale=2)
    define_asset("USDC", name="USD Coin", kind=AssetKind.TOKEN, scale=6, chain_id=1)
    troupe = troupe_of(program)
    troupe.affiliate("ann", user=with_address(UserFactory(email="ann@example.com", name="Ann Able")))
    member(with_address(UserFactory(email="olivia@example.com", name="Olivia")), program, Role.OWNER)
    member(with_address(UserFactory(email="mia@example.com", name="Mia")), program, Role.FINANCE_MAKER)
    return troupe


@pytest.fixture
def shop(troupe: Troupe) -> RailAccount:
    """Where members pay: it tells what has arrived by signed notices."""
    return bank(troupe.program, name="shop")


def sign_up_from_here(visit: Visit, email: str) -> None:
    """Sign up as the page offers it, follow the link in the mail, and sign in."""
    page = visit.page
    page.get_by_role("link", name="Sign up").click()
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password (again)").fill(PASSWORD)
    with page.expect_navigation():
        page.get_by_role("button", name="Sign Up", exact=True).click()
    [message] = [one for one in mail.outbox if one.to == [email]]
    [link] = re.findall(r"https?://\S+/accounts/confirm-email/\S+", str(message.body))
    page.goto(link)
    with page.expect_navigation():
        page.get_by_role("button", name="Confirm").click()
    cache.clear()  # everybody here signs up from one machine
    visit.fill_sign_in(email)


def become_an_affiliate(visit: Visit, troupe: Troupe) -> Affiliate:
    ann = troupe.affiliates["ann"]
    page = visit.open(f"/affiliate/join/{troupe.program.slug}/?ref={ann.code}")
    expect(page.get_by_text(f"Invited by {ann.code}")).to_be_visible()
    sign_up_from_here(visit, "nora@example.com")
    expect(page.get_by_label("Invitation code")).to_have_value(ann.code)
    page.get_by_label("Your name").fill("Nora New")
    page.get_by_label("The code you would like").fill("nora-shares")
    page.get_by_role("button", name="Become an affiliate").click()
    expect(page.get_by_text("Your code is nora-shares")).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("Nora$"))).to_be_visible()
    return Affiliate.objects.get(code="nora-shares")


def join_by_the_link(visit: Visit, troupe: Troupe) -> Member:
    page = visit.open("/r/nora-shares")
    expect(page.get_by_text("Invited by nora-shares")).to_be_visible()
    sign_up_from_here(visit, "max@example.com")
    page.get_by_role("link", name="Prove an address").click()
    page.get_by_role("textbox", name="Address").fill(ADDRESS)
    page.get_by_role("button", name="Get the text to sign").click()
    page.get_by_label("Signature").fill(sign(page.locator("#wallet-text").input_value()))
    page.get_by_role("button", name="Prove it").click()
    page.get_by_role("button", name=f"Join {troupe.program.name}").click()
    expect(page.get_by_text("You are being registered")).to_be_visible()
    work_intents(seconds_at_most=5)
    expect(page.get_by_role("heading", name="What you paid")).to_be_visible()
    return Member.objects.get(user=User.objects.get(email="max@example.com"))


def tell(visit: Visit, shop: RailAccount, body: bytes) -> None:
    """Call the house as the shop does, and let the workers take it in."""
    headers = {"Content-Type": "application/json", "X-Signature": signature(SECRET, body, at=timezone.now())}
    answer = visit.context.request.post(f"{visit.base_url}{hook_path(shop)}", data=body, headers=headers)
    assert answer.status == 202, answer.text()
    work_inbox(seconds_at_most=5)
    work_intents(seconds_at_most=5)


def take_back(visit: Visit, amount: str, reason: str) -> None:
    page = visit.open("/admin/affiliates/settlement/")
    page.get_by_role("link", name="order-1").click()
    page.get_by_role("link", name="Take back").click()
    page.get_by_label("Amount").fill(amount)
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_text("Taken back.")).to_be_visible()


def read_earned(visit: Visit, kind: str, amount: str, *because: str) -> None:
    """Hold that the first commission of a kind is in the list, and that its page says why."""
    page = visit.open("/affiliate/in/acme/commissions/")
    page.get_by_role("link", name=kind, exact=True).click()
    facts = page.get_by_label("How it came about")
    expect(facts).to_contain_text(amount)
    for said in because:
        expect(facts).to_contain_text(said)


def test_from_the_invitation_to_books_that_agree(visiting: Visiting, troupe: Troupe, shop: RailAccount) -> None:
    nora, max_, ann, mia = visiting(), visiting(user_agent=SOMEBODY), visiting(), visiting()

    affiliate = become_an_affiliate(nora, troupe)
    assert (affiliate.parent, affiliate.state) == (troupe.affiliates["ann"], "ACTIVE")
    joined = join_by_the_link(max_, troupe)
    assert (joined.affiliate, Click.objects.get().affiliate) == (affiliate, affiliate)
    body = notice("settlement.confirmed", reference="order-1", member=ADDRESS, asset="KES", amount="1000")
    tell(max_, shop, body)
    tell(max_, shop, body)

    read_earned(nora, "Direct", "100.00 KES", "1,000.00 KES", "10 %", "the program's")
    ann.sign_in(User.objects.get(email="ann@example.com"))
    read_earned(ann, "Override", "20.00 KES", "1,000.00 KES", "2 %", "the program's")

    mia.sign_in(User.objects.get(email="mia@example.com"))
    take_back(mia, "250", "One of four came back broken")
    read_earned(nora, "Claw-back", f"{MINUS}25.00 KES", "250.00 KES", "One of four came back broken")
    read_earned(ann, "Claw-back", f"{MINUS}5.00 KES", "250.00 KES", "One of four came back broken")
    page = max_.open(f"/join/{troupe.program.slug}/")
    expect(page.get_by_text("1,000.00 KES")).to_be_visible()
    expect(page.get_by_text("250.00 KES of it was taken back")).to_be_visible()

    assert troupe.rows() == [
        "nora DIRECT 100 ACCRUED",
        "ann OVERRIDE 20 ACCRUED",
        "nora CLAWBACK -25 DUE",
        "ann CLAWBACK -5 DUE",
    ]
    said = StringIO()
    with acting_as("command", "reconcile"):
        call_command("reconcile", "--json", stdout=said)
    run = json.loads(said.getvalue())
    assert run["state"] == "CLEAN"
    assert {each["check"]: each["examined"] > 0 for each in run["checks"]}["affiliates.earnings"]
