"""Referral links, and becoming a member or an affiliate by oneself."""

import re
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from urllib.parse import quote, urlencode

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from affiliates.models import Affiliate, Claim, Click, Member
from affiliates.operations import change_affiliate_state
from affiliates.portal.views.referral import CLICKS_A_MINUTE, COOKIE
from affiliates.states import AffiliateState, ClaimState
from identity.models import Program, User, WalletAddress
from identity.operations import change_setting
from identity.states import Role
from ledger.models import Intent
from ledger.operations import work_intents
from tests.affiliates.troupe import Troupe, address
from tests.factories import MembershipFactory, RailAccountFactory, UserFactory
from tests.wallets.owners import signed_in
from wallets.rails.evm import EVM
from wallets.states import RailAccountState

pytestmark = pytest.mark.django_db

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
HASH = "0x" + "ab" * 32


@pytest.fixture(autouse=True)
def _nobody_came_lately() -> None:
    cache.clear()


def follow(client: Client, code: str, *, agent: str = BROWSER, **headers: str) -> Any:
    return client.get(f"/r/{code}", headers={"User-Agent": agent, **headers})


def page_of(troupe: Troupe) -> str:
    return f"/join/{troupe.program.slug}/"


def proven(user: User, number: int) -> str:
    own = address(number)
    WalletAddress.objects.create(user=user, address=own, chain_id=1, proven_at=timezone.now())
    return own


def newcomer(name: str = "Nina New") -> tuple[User, Client]:
    user = UserFactory(email=f"{name.split()[0].lower()}@example.com", name=name)
    return user, signed_in(user)


def set_to(program: Program, key: str, value: Any) -> None:
    change_setting(key, program=program, value=value, version=0, reason="wanted", at=timezone.now())


# Links


def test_a_link_counts_leads_on_and_is_remembered(troupe: Troupe) -> None:
    ann, client = troupe.affiliate("ann"), Client()

    answer = follow(client, ann.code)

    assert (answer.status_code, answer.headers["Location"]) == (302, page_of(troupe))
    kept = answer.cookies[COOKIE]
    assert (kept["httponly"], kept["samesite"], kept["path"]) == (True, "Lax", page_of(troupe))
    assert kept["max-age"] == 30 * 86_400
    assert "no-store" in answer.headers["Cache-Control"]
    click = Click.objects.get()
    assert click.affiliate == ann
    assert re.fullmatch(r"[0-9a-f]{32}", click.visitor)


def test_the_same_visitor_counts_once_and_another_again(troupe: Troupe) -> None:
    ann = troupe.affiliate("ann")

    for agent in (BROWSER, BROWSER, BROWSER.replace("140", "141")):
        follow(Client(), ann.code, agent=agent)

    assert Click.objects.count() == 2


def test_a_visitor_is_somebody_else_tomorrow(troupe: Troupe) -> None:
    ann = troupe.affiliate("ann")
    follow(Client(), ann.code)

    with patch("django.utils.timezone.now", return_value=timezone.now() + timedelta(days=1)):
        follow(Client(), ann.code)

    assert len(set(Click.objects.values_list("visitor", flat=True))) == 2


@pytest.mark.parametrize(
    ("agent", "headers"),
    [
        ("Googlebot/2.1 (+http://www.google.com/bot.html)", {}),
        ("facebookexternalhit/1.1", {}),
        ("curl/8.5", {}),
        ("", {}),
        (BROWSER, {"Sec-Purpose": "prefetch;prerender"}),
        (BROWSER, {"Purpose": "prefetch"}),
        (BROWSER, {"X-Moz": "prefetch"}),
    ],
)
def test_machines_are_led_on_and_not_counted(troupe: Troupe, agent: str, headers: dict[str, str]) -> None:
    answer = follow(Client(), troupe.affiliate("ann").code, agent=agent, **headers)

    assert (answer.status_code, answer.headers["Location"]) == (302, page_of(troupe))
    assert not Click.objects.exists()
    assert COOKIE not in answer.cookies


def test_a_head_request_is_no_click_and_a_post_is_refused(troupe: Troupe) -> None:
    url = f"/r/{troupe.affiliate('ann').code}"

    assert Client().head(url, headers={"User-Agent": BROWSER}).status_code == 302
    assert Client().post(url).status_code == 405
    assert not Click.objects.exists()


def test_a_script_that_changes_its_name_is_not_counted_for_ever(troupe: Troupe) -> None:
    ann = troupe.affiliate("ann")

    for number in range(CLICKS_A_MINUTE + 20):
        assert follow(Client(), ann.code, agent=f"{BROWSER} {number}").status_code == 302

    assert Click.objects.count() == CLICKS_A_MINUTE


@pytest.mark.parametrize("code", ["nobody-here", "x", "%00", "a--b", "admin", "%E2%98%83", "x" * 400])
def test_a_code_of_nobody_leads_to_the_start_with_a_word(troupe: Troupe, code: str) -> None:
    client = Client()

    answer = client.get(f"/r/{code}", headers={"User-Agent": BROWSER}, follow=True)

    assert answer.status_code == 200
    assert "does not lead anywhere any more" in answer.content.decode()
    assert COOKIE not in client.cookies


def test_a_closed_affiliate_s_link_leads_nowhere(troupe: Troupe) -> None:
    ann = troupe.affiliate("ann")
    change_affiliate_state(
        ann.pk, program_id=troupe.program.pk, to=AffiliateState.CLOSED, reason="left", at=timezone.now()
    )

    answer = follow(Client(), ann.code)

    assert answer.headers["Location"] == "/"
    assert not Click.objects.exists()
    assert COOKIE not in answer.cookies


def test_a_program_s_own_page_is_told_the_code(troupe: Troupe) -> None:
    set_to(troupe.program, "affiliates.landing_page", "https://shop.example/welcome?from=here#top")

    answer = follow(Client(), troupe.affiliate("ann").code)

    code = troupe.affiliate("ann").code
    assert answer.headers["Location"] == f"https://shop.example/welcome?from=here&ref={code}#top"
    assert Click.objects.count() == 1


# Members


def test_a_stranger_is_told_the_way_and_comes_back_after_signing_in(troupe: Troupe) -> None:
    ann, client = troupe.affiliate("ann"), Client()
    follow(client, ann.code)

    page = client.get(page_of(troupe)).content.decode()

    assert f"Invited by {ann.code}" in page
    assert f"/accounts/signup/?next={page_of(troupe)}" in page
    user, _ = newcomer()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get("/").headers["Location"] == page_of(troupe)
    assert client.get("/").headers["Location"] == "/portal/"
    page = client.get(page_of(troupe)).content.decode()
    assert "First prove your wallet address" in page
    assert ann.code in page


def test_somebody_who_came_by_a_link_is_registered_as_its_owner_s(troupe: Troupe) -> None:
    ann = troupe.affiliate("ann")
    user, client = newcomer()
    own = proven(user, 0xB1)
    follow(client, ann.code)

    answer = client.post(page_of(troupe), {"address": own, "code": ann.code})

    assert answer.status_code == 302
    assert "You are being registered" in client.get(page_of(troupe)).content.decode()
    assert user.memberships.get(program=troupe.program).role == Role.CUSTOMER
    work_intents(seconds_at_most=5)
    member = Member.objects.get(user=user)
    assert (member.affiliate, member.wallet_address) == (ann, own)
    assert member.clicked_at is not None
    page = client.get(page_of(troupe))
    assert ann.code in page.content.decode()
    assert page.cookies[COOKIE].value == ""
    assert f'href="{page_of(troupe)}"' in client.get("/portal/").content.decode()


def test_the_last_link_wins_and_another_program_s_takes_no_place(troupe: Troupe, other: Troupe) -> None:
    user, client = newcomer()
    own = proven(user, 0xB1)
    for name in ("ann", "ben"):
        follow(client, troupe.affiliate(name).code)
    # A browser sends each only to its own program's pages; the client of these tests knows no paths.
    elsewhere = follow(Client(), other.affiliate("zoe").code)
    assert elsewhere.cookies[COOKIE]["path"] == page_of(other)

    page = client.get(page_of(troupe)).content.decode()

    assert f"Invited by {troupe.affiliate('ben').code}" in page
    client.post(page_of(troupe), {"address": own, "code": troupe.affiliate("ben").code})
    work_intents(seconds_at_most=5)
    assert Member.objects.get(user=user).affiliate == troupe.affiliate("ben")


def test_a_typed_code_counts_and_one_of_nobody_is_told(troupe: Troupe, other: Troupe) -> None:
    ann = troupe.affiliate("ann")
    user, client = newcomer()
    own = proven(user, 0xB1)

    for code in ("nobody-here", other.affiliate("zoe").code, "a\0b", "--"):
        page = client.post(page_of(troupe), {"address": own, "code": code})
        assert page.status_code == 200
        assert "field__errors" in page.content.decode(), code
    assert not Intent.objects.exists()
    client.post(page_of(troupe), {"address": own, "code": f" {ann.code.upper()} "})
    work_intents(seconds_at_most=5)

    member = Member.objects.get(user=user)
    assert (member.affiliate, member.clicked_at) == (ann, None)


def test_nobody_registers_with_an_address_that_is_not_proven(troupe: Troupe) -> None:
    user, client = newcomer()
    proven(user, 0xB1)

    page = client.post(page_of(troupe), {"address": address(0xBAD)})

    assert page.status_code == 200
    assert not Intent.objects.exists()
    assert not user.memberships.exists()


def test_a_cookie_that_was_tampered_with_or_is_old_brings_nobody(troupe: Troupe) -> None:
    ann = troupe.affiliate("ann")
    user, client = newcomer()
    proven(user, 0xB1)
    follow(client, ann.code)
    kept = client.cookies[COOKIE].value

    client.cookies[COOKIE] = kept.replace(ann.code, troupe.affiliate("ben").code)
    assert "Invited by" not in client.get(page_of(troupe)).content.decode()
    client.cookies[COOKIE] = kept
    assert "Invited by" in client.get(page_of(troupe)).content.decode()
    with patch("django.core.signing.time.time", return_value=(timezone.now() + timedelta(days=31)).timestamp()):
        assert "Invited by" not in client.get(page_of(troupe)).content.decode()


def test_why_a_registration_was_refused_is_told_and_it_can_be_tried_again(troupe: Troupe) -> None:
    user, client = newcomer()
    own = proven(user, 0xB1)
    mine = troupe.affiliate("self", user=user)

    client.post(page_of(troupe), {"address": own, "code": mine.code})
    work_intents(seconds_at_most=5)

    page = client.get(page_of(troupe)).content.decode()
    assert "You are not registered" in page
    assert not Member.objects.exists()
    client.post(page_of(troupe), {"address": own, "code": ""})
    work_intents(seconds_at_most=5)
    assert Member.objects.get().affiliate is None


def test_a_paused_program_and_the_house_take_nobody(troupe: Troupe) -> None:
    user, client = newcomer()
    own = proven(user, 0xB1)
    Program.objects.filter(pk=troupe.program.pk).update(status="PAUSED")

    page = client.get(page_of(troupe)).content.decode()

    assert "Nobody can join now" in page
    client.post(page_of(troupe), {"address": own})
    assert not Intent.objects.exists()
    assert not user.memberships.exists()
    assert client.get("/join/house/").status_code == 404
    assert client.get("/join/nowhere/").status_code == 404


# Claims


def at_a_chain(program: Program) -> None:
    RailAccountFactory(
        program=program, name="deep-chain", rail=EVM.name, number=f"1:{address(0xCAFE)}", assets=["USDC"],
        state=RailAccountState.ACTIVE,
    )  # fmt: skip


def a_member(troupe: Troupe) -> tuple[Member, Client]:
    user, client = newcomer()
    own = proven(user, 0xB1)
    client.post(page_of(troupe), {"address": own})
    work_intents(seconds_at_most=5)
    return Member.objects.get(user=user), client


def claim(client: Client, troupe: Troupe, **more: str) -> Any:
    form = {"place": "1:USDC", "amount": "12.5", "tx_hash": HASH, "note": "lunch", **more}
    return client.post(f"{page_of(troupe)}claims/", form)


def test_a_member_claims_a_payment_and_reads_what_came_of_it(troupe: Troupe) -> None:
    at_a_chain(troupe.program)
    member, client = a_member(troupe)

    assert claim(client, troupe).status_code == 302
    assert "is being written down" in client.get(page_of(troupe)).content.decode()
    work_intents(seconds_at_most=5)

    made = Claim.objects.get()
    assert (made.member, made.state, f"{made.amount.normalize():f}") == (member, ClaimState.REQUESTED, "12.5")
    page = client.get(page_of(troupe)).content.decode()
    assert "12.50" in page or "12.5" in page
    assert "Requested" in page
    assert "is being written down" not in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": "0"}, {"amount": "-1"}, {"amount": "NaN"}, {"amount": "x"}, {"tx_hash": "0x12"}, {"tx_hash": "\0"},
        {"place": "1:GOLD"}, {"place": ""}, {"note": "a\0b"}, {"note": "x" * 600},
    ],
)  # fmt: skip
def test_a_claim_that_makes_no_sense_is_told_and_asks_for_nothing(troupe: Troupe, wrong: dict[str, str]) -> None:
    at_a_chain(troupe.program)
    _, client = a_member(troupe)
    before = Intent.objects.count()

    page = claim(client, troupe, **wrong)

    assert page.status_code == 200
    assert "field__errors" in page.content.decode()
    assert Intent.objects.count() == before


def test_a_member_reads_what_was_recognised(troupe: Troupe) -> None:
    (user, client), ann = newcomer(), troupe.affiliate("ann")
    MembershipFactory(user=user, program=troupe.program, role=Role.CUSTOMER)
    troupe.member("nina", by="ann", user=user, wallet_address=proven(user, 0xB1))
    troupe.member("somebody", by="ann")
    before = client.get(page_of(troupe)).content.decode()

    paid = troupe.settle("nina", "1000")
    troupe.reverse(paid, "250")
    troupe.expect("nina", "77")
    troupe.settle("somebody", "555")
    page = client.get(page_of(troupe)).content.decode()

    assert "Nothing recognised yet" in before
    for words in ("1,000.00 KES", "250.00 KES of it was taken back", "Partially reversed", paid.source_event, ann.code):
        assert words in page
    for nobodys in ("77.00", "555.00"):
        assert nobodys not in page


def test_a_claim_that_is_refused_says_why(troupe: Troupe) -> None:
    at_a_chain(troupe.program)
    set_to(troupe.program, "affiliates.claim_at_most", "10")
    _, client = a_member(troupe)

    claim(client, troupe)
    work_intents(seconds_at_most=5)

    assert "Your claim was not taken" in client.get(page_of(troupe)).content.decode()
    assert "Your claim was not taken" not in client.get(page_of(troupe)).content.decode()
    assert not Claim.objects.exists()


def test_nobody_else_claims_or_reads_for_a_member(troupe: Troupe) -> None:
    at_a_chain(troupe.program)
    a_member(troupe)
    _, stranger = newcomer("Otto Other")

    answer = claim(stranger, troupe)

    assert (answer.status_code, answer.headers["Location"]) == (302, page_of(troupe))
    assert address(0xB1) not in stranger.get(page_of(troupe)).content.decode().lower()
    assert claim(Client(), troupe).headers["Location"].startswith("/accounts/login/")


# Affiliates


def test_a_newcomer_becomes_an_affiliate_under_who_invited_them(troupe: Troupe) -> None:
    ann = troupe.affiliate("ann")
    user, client = newcomer()
    own = proven(user, 0xB1)
    url = f"/affiliate/join/{troupe.program.slug}/"

    answer = client.post(url, {"name": "Nina New", "wanted": "Nina-Shares", "code": ann.code, "address": own})

    assert answer.headers["Location"] == f"/affiliate/in/{troupe.program.slug}/"
    made = Affiliate.objects.get(user=user)
    assert (made.code, made.parent, made.wallet_address, made.state) == ("nina-shares", ann, own, "ACTIVE")
    assert client.get(url).headers["Location"] == f"/affiliate/in/{troupe.program.slug}/"


def test_an_invitation_outlives_signing_in(troupe: Troupe) -> None:
    ann, client = troupe.affiliate("ann"), Client()
    invitation = f"/affiliate/join/{troupe.program.slug}/?ref={ann.code}"

    shown = client.get(invitation).content.decode()
    client.force_login(newcomer()[0], backend="allauth.account.auth_backends.AuthenticationBackend")
    back = client.get("/")

    assert f"Invited by {ann.code}" in shown
    assert f"?next={quote(invitation)}" in shown
    assert back.headers["Location"] == invitation
    assert f'value="{ann.code}"' in client.get(invitation).content.decode()


@pytest.mark.parametrize("ref", ["nobody", "a\0b", "x" * 600, "<script>"])
def test_an_invitation_of_nobody_is_in_nobodys_way(troupe: Troupe, ref: str) -> None:
    anonymous = Client()
    url = f"/affiliate/join/{troupe.program.slug}/"
    page = anonymous.get(url, {"ref": ref})
    user, client = newcomer()

    answer = client.post(f"{url}?{urlencode({'ref': ref})}", {"name": "Nina New", "wanted": "nina"})

    assert (page.status_code, answer.status_code) == (200, 302)
    assert "Invited by" not in page.content.decode()
    assert len(anonymous.session["way_back:sign_in"]) <= 500
    assert Affiliate.objects.get(user=user).parent is None


def test_who_had_no_name_has_one_now(troupe: Troupe) -> None:
    user, client = newcomer()
    User.objects.filter(pk=user.pk).update(name="")
    url = f"/affiliate/join/{troupe.program.slug}/"

    refused = client.post(url, {"name": "Nina New", "wanted": troupe.affiliate("ann").code})
    assert refused.status_code == 200
    assert User.objects.get(pk=user.pk).name == ""
    client.post(url, {"name": "Nina New", "wanted": "nina"})

    assert User.objects.get(pk=user.pk).name == "Nina New"


def test_a_name_that_stands_is_left_alone(troupe: Troupe) -> None:
    user, client = newcomer()

    client.post(f"/affiliate/join/{troupe.program.slug}/", {"name": "Nina's Shop", "wanted": "nina"})

    assert User.objects.get(pk=user.pk).name == "Nina New"


def test_a_wallet_address_is_asked_for_where_there_is_one(troupe: Troupe) -> None:
    user, client = newcomer()
    url = f"/affiliate/join/{troupe.program.slug}/"

    before = client.get(url).content.decode()
    proven(user, 0xB1)

    assert "Your wallet address" not in before
    assert "Your wallet address" in client.get(url).content.decode()


def test_a_code_is_checked_while_it_is_typed(troupe: Troupe) -> None:
    taken = troupe.affiliate("ann").code
    _, client = newcomer()
    url = f"/affiliate/join/{troupe.program.slug}/code/"

    says = {said: client.get(url, {"wanted": said}).content.decode() for said in (taken, "brand-new", "x", "", "a\0b")}

    assert "is taken" in says[taken]
    assert "brand-new is free" in says["brand-new"]
    assert "can&#x27;t be a code" in says["x"] or "can't be a code" in says["x"]
    assert "can't be a code" in says["a\0b"]
    assert "<p" not in says[""]


@pytest.mark.parametrize(
    ("field", "value"),
    [("wanted", "x"), ("wanted", "admin"), ("name", ""), ("name", "a\0b"), ("code", "nobody"), ("address", "0x1")],
)
def test_what_makes_no_affiliate_is_told_beside_its_field(troupe: Troupe, field: str, value: str) -> None:
    user, client = newcomer()

    page = client.post(f"/affiliate/join/{troupe.program.slug}/", {"name": "Nina", "wanted": "nina", field: value})

    assert page.status_code == 200
    assert "field__errors" in page.content.decode()
    assert not Affiliate.objects.filter(user=user).exists()


def test_a_program_that_asks_nobody_takes_nobody(troupe: Troupe) -> None:
    set_to(troupe.program, "affiliates.open_to_affiliates", False)
    user, client = newcomer()

    page = client.post(f"/affiliate/join/{troupe.program.slug}/", {"name": "Nina"}).content.decode()

    assert "takes no affiliates by themselves" in page
    assert not Affiliate.objects.filter(user=user).exists()


def test_whoever_is_looked_at_first_is_told_so(troupe: Troupe) -> None:
    set_to(troupe.program, "affiliates.active_at_once", False)
    user, client = newcomer()

    page = client.post(f"/affiliate/join/{troupe.program.slug}/", {"name": "Nina"}, follow=True).content.decode()

    assert Affiliate.objects.get(user=user).state == AffiliateState.PENDING
    assert "Somebody looks at it first" in page
