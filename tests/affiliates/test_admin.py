"""The back office of affiliates: what finance people find, see, and do with a reason."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from affiliates.models import (
    Adjustment,
    Affiliate,
    Claim,
    Commission,
    CommissionReport,
    Member,
    PayoutMethod,
    Rate,
    Settlement,
    Tier,
)
from affiliates.operations import add_method, draft_reports, request_claim
from affiliates.states import (
    AdjustmentState,
    AffiliateState,
    ClaimState,
    CommissionState,
    MethodKind,
    MethodState,
    ReportState,
)
from identity.models import Program, Proposal, User
from identity.states import Role
from ledger.models import Asset, Transaction
from tests.affiliates.troupe import Troupe, address
from tests.factories import MembershipFactory
from tests.wallets.owners import signed_in

pytestmark = pytest.mark.django_db


class Desk:
    """Somebody at the back office."""

    def __init__(self, program: Program, role: Role) -> None:
        # Held since before yesterday: a younger role has no vote.
        membership = MembershipFactory(program=program, role=role, created_at=timezone.now() - timedelta(days=2))
        self.user: User = membership.user
        self.client: Client = signed_in(self.user)

    def url(self, row: Any, name: str = "change") -> str:
        return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{name}", args=[row.pk])

    def page(self, row: Any, name: str = "change") -> str:
        answer = self.client.get(self.url(row, name))
        assert answer.status_code == 200
        return answer.content.decode()

    def list(self, screen: str, **query: Any) -> str:
        answer = self.client.get(reverse(f"admin:affiliates_{screen}_changelist"), query)
        assert answer.status_code == 200
        return answer.content.decode()

    def press(self, row: Any, name: str, **form: Any) -> str:
        """Send a form, and return the page that one is led to."""
        return self.client.post(self.url(row, name), form, follow=True).content.decode()


@pytest.fixture
def maker(troupe: Troupe) -> Desk:
    Desk(troupe.program, Role.OWNER)  # somebody who can decide on what is proposed
    Desk(troupe.program, Role.FINANCE_APPROVER)
    return Desk(troupe.program, Role.FINANCE_MAKER)


@pytest.fixture
def auditor(troupe: Troupe) -> Desk:
    return Desk(troupe.program, Role.AUDITOR)


@pytest.fixture
def sold(troupe: Troupe) -> Settlement:
    """Mo, whom ben brought, who stands under ann, paid a thousand: 100 for ben, 20 for ann."""
    troupe.affiliate("ben", under="ann")
    troupe.member("mo", by="ben")
    return troupe.settle("mo", "1000")


def found(page: str, *rows: Any) -> list[bool]:
    return [str(row.pk) in page for row in rows]


# Affiliates


def test_an_affiliate_is_found_by_whatever_is_known_of_them(troupe: Troupe, maker: Desk) -> None:
    user = MembershipFactory(program=troupe.program).user
    ann = troupe.affiliate("ann", wallet_address=address(0xAA), user=user)
    ben = troupe.affiliate("ben")

    for said in (ann.code, ann.code.upper(), address(0xAA), address(0xAA).upper().replace("X", "x"), user.email,
                 str(ann.pk), str(ann.party)):  # fmt: skip
        assert found(maker.list("affiliate", q=said), ann, ben) == [True, False], said


def test_an_affiliate_s_page_says_what_they_came_to(troupe: Troupe, sold: Settlement, maker: Desk) -> None:
    page = maker.page(troupe.affiliates["ben"])

    for words in ("100.00", "1,000.00", "Where they stood", "Rates of its own", "Suspend them", "Move"):
        assert words in page, words


def test_an_affiliate_follows_its_states_with_a_reason(troupe: Troupe, sold: Settlement, maker: Desk) -> None:
    ben = troupe.affiliates["ben"]

    def state() -> str:
        return str(Affiliate.objects.get(pk=ben.pk).state)

    assert "Say in a few words why" in maker.press(ben, "suspend", reason="")
    assert state() == AffiliateState.ACTIVE
    assert "Changed." in maker.press(ben, "suspend", reason="unusual clicks")
    assert state() == AffiliateState.SUSPENDED
    assert "unusual clicks" in maker.page(ben)
    assert "Changed." in maker.press(ben, "reinstate", reason="explained")
    assert "Nothing was changed" in maker.press(ben, "close", reason="leaves")
    assert "Nothing was changed" in maker.press(ben, "activate", reason="again")
    assert state() == AffiliateState.ACTIVE


def test_an_affiliate_is_moved_and_not_into_a_circle(troupe: Troupe, sold: Settlement, maker: Desk) -> None:
    ann, ben, cora = troupe.affiliates["ann"], troupe.affiliates["ben"], troupe.affiliate("cora")

    assert "Nobody in this program has this code" in maker.press(ben, "move", parent="nobody-here", reason="x")
    assert "Nothing was changed" in maker.press(ann, "move", parent=ben.code, reason="x")
    assert "Moved." in maker.press(ben, "move", parent=cora.code, reason="asked for it")
    assert Affiliate.objects.get(pk=ben.pk).parent == cora
    assert Affiliate.objects.get(pk=ann.pk).parent is None


def test_the_tree_opens_one_level_at_a_time(troupe: Troupe, other: Troupe, sold: Settlement, maker: Desk) -> None:
    ann, ben, zoe = troupe.affiliates["ann"], troupe.affiliates["ben"], other.affiliate("zoe")
    tree = reverse("admin:affiliates_affiliate_tree")

    top = maker.client.get(tree).content.decode()
    below = maker.client.get(tree, {"under": str(ann.pk)}).content.decode()

    assert found(top, ann, ben, zoe) == [True, False, False]
    assert found(below, ben) == [True]
    assert maker.client.get(tree, {"under": str(zoe.pk)}).status_code == 404
    assert maker.client.get(tree, {"under": "x", "after": "y", "program": other.program.slug}).status_code == 200
    assert zoe.code not in maker.client.get(tree, {"program": other.program.slug}).content.decode()


# Adjusting


def adjust(desk: Desk, who: Affiliate, amount: str, **more: Any) -> str:
    form = {"direction": "add", "asset": "KES", "amount": amount, "reason": "goodwill", "key": uuid4(), **more}
    return desk.press(who, "adjust", **form)


def test_a_small_adjustment_is_booked_once(troupe: Troupe, sold: Settlement, maker: Desk) -> None:
    ben, key = troupe.affiliates["ben"], uuid4()

    for _ in range(2):
        assert "Adjusted by" in adjust(maker, ben, "12.5", key=key)
    adjust(maker, ben, "2.5", direction="take")

    amounts = Adjustment.objects.filter(affiliate=ben).order_by("pk").values_list("amount", flat=True)
    assert list(amounts) == [Decimal("12.5"), Decimal("-2.5")]
    assert troupe.owed("ben") == "110"
    troupe.require_order()


def test_a_large_adjustment_is_proposed_and_moves_nothing(troupe: Troupe, sold: Settlement, maker: Desk) -> None:
    page = adjust(maker, troupe.affiliates["ben"], "100.01")

    assert "This takes two" in page
    made = Adjustment.objects.get()
    assert made.state == AdjustmentState.PROPOSED
    assert Proposal.objects.get().pk == made.proposal
    assert troupe.owed("ben") == "100"


@pytest.mark.parametrize("amount", ["0", "-1", "x", "NaN", "Infinity", "1e40", "0.00001", ""])
def test_an_amount_that_is_none_is_told(troupe: Troupe, sold: Settlement, maker: Desk, amount: str) -> None:
    page = adjust(maker, troupe.affiliates["ben"], amount)

    assert "give__error" in page
    assert not Adjustment.objects.exists()


# Rates


def test_rates_are_proposed_and_another_decides(troupe: Troupe, maker: Desk) -> None:
    gold = Tier.objects.create(program=troupe.program, name="Gold", created_at=timezone.now())

    page = maker.press(gold, "rate", direct="12.5", override="3", reason="season")

    assert "another person decides" in page
    proposal = Proposal.objects.get()
    assert (proposal.payload["direct_rate"], proposal.payload["override_rate"]) == ("0.125", "0.03")
    assert not Rate.objects.exists()
    for wrong in ({"direct": "101"}, {"direct": "x"}, {"direct": "12", "override": ""}, {"valid_from": "0001-01-01"}):
        assert "give__error" in maker.press(gold, "rate", **{"direct": "1", "override": "1", "reason": "x", **wrong})
    assert Proposal.objects.count() == 1


def test_what_other_rates_would_have_come_to_is_worked_out(troupe: Troupe, sold: Settlement, maker: Desk) -> None:
    today = timezone.now().date()
    asked = {
        "program": troupe.program.slug, "direct": "20", "override": "5", "of": "",
        "since": (today - timedelta(days=2)).isoformat(), "until": (today + timedelta(days=1)).isoformat(),
    }  # fmt: skip
    url = reverse("admin:affiliates_tier_what_if")

    page = maker.client.get(url, asked).content.decode()

    figures = re.findall(r'table__number">\s*([\d,.]+)', page)
    assert figures == ["1", "100.00", "200.00", "20.00", "50.00", "130.00"]
    assert not Rate.objects.exists()
    of_ben = maker.client.get(url, {**asked, "of": troupe.affiliates["ben"].code}).content.decode()
    assert re.findall(r'table__number">\s*([\d,.]+)', of_ben)[-1] == "100.00"
    for wrong in ({"of": "nobody"}, {"of": "a\0"}, {"since": "x"}, {"until": "2019-01-01"}, {"direct": "99"},
                  {"program": "xanadu"}):  # fmt: skip
        answer = maker.client.get(url, {**asked, **wrong})
        assert answer.status_code in (200, 400)
        assert answer.status_code == 400 or "give__error" in answer.content.decode(), wrong


def test_a_tier_is_opened_once(troupe: Troupe, other: Troupe, maker: Desk) -> None:
    url = reverse("admin:affiliates_tier_open")

    for _ in range(2):
        page = maker.client.post(url, {"program": troupe.program.slug, "name": "Gold"}, follow=True).content.decode()
    assert "Nothing was changed" in page
    maker.client.post(url, {"program": other.program.slug, "name": "Gold"})
    assert [tier.program for tier in Tier.objects.all()] == [troupe.program]


# Members and claims


def a_claim(troupe: Troupe) -> Claim:
    return request_claim(
        uuid4(), program=troupe.program, member=troupe.member("mo"), reference="order-7",
        asset=Asset.objects.get(code="USDC"), amount=Decimal("12.5"), chain_id=1, tx_hash="0x" + "ab" * 32,
        at=timezone.now(),
    )  # fmt: skip


def test_a_claim_is_approved_or_rejected_with_a_reason(troupe: Troupe, maker: Desk) -> None:
    claim = a_claim(troupe)

    assert "order-7" in maker.list("claim", q="order-7")
    assert "The member reads why" in maker.press(claim, "reject", reason="not ours")
    claim.refresh_from_db()
    assert (claim.state, claim.reason) == (ClaimState.REJECTED, "not ours")
    assert "Nothing was changed" in maker.press(claim, "approve", reason="after all")


def test_claims_that_wait_come_first(troupe: Troupe, maker: Desk) -> None:
    waiting = a_claim(troupe)
    done = request_claim(
        uuid4(), program=troupe.program, member=troupe.members["mo"], reference="later", asset=waiting.asset,
        amount=Decimal(1), chain_id=1, tx_hash="0x" + "cd" * 32, at=timezone.now(),
    )  # fmt: skip
    maker.press(done, "reject", reason="no")

    page = maker.list("claim")

    assert page.index(str(waiting.pk)) < page.index(str(done.pk))


def test_a_member_is_suspended_and_reinstated(troupe: Troupe, sold: Settlement, maker: Desk) -> None:
    mo = troupe.members["mo"]

    maker.press(mo, "suspend", reason="asked to stop")
    assert Member.objects.get(pk=mo.pk).state == "SUSPENDED"
    maker.press(mo, "reinstate", reason="came back")
    assert Member.objects.get(pk=mo.pk).state == "REGISTERED"
    assert found(maker.list("member", q=mo.shown_address), mo) == [True]


# Settlements


def test_a_settlement_is_taken_back_and_won_back_once(troupe: Troupe, sold: Settlement, maker: Desk) -> None:
    key = uuid4()
    for _ in range(2):
        page = maker.press(sold, "reverse", amount="400", reason="refunded", key=key)
    assert "Taken back." in page
    assert troupe.owed("ben") == "60"
    assert "more" in maker.press(sold, "reverse", amount="601", reason="x", key=uuid4())
    maker.press(sold, "win", amount="100", reason="dispute won", key=uuid4())

    sold.refresh_from_db()
    assert sold.reversed_amount == 300
    assert troupe.owed("ben") == "70"
    page = maker.page(sold)
    for words in ("Claw-back", "Reinstatement", "dispute won", "Who earned from it", "Win back"):
        assert words in page, words
    troupe.require_order()


def test_a_settlement_that_is_not_proven_has_nothing_to_take_back(troupe: Troupe, maker: Desk) -> None:
    troupe.member("mo")
    waiting = troupe.expect("mo", "10")

    assert "Take back" not in maker.page(waiting)
    assert "Nothing was changed" in maker.press(waiting, "reverse", amount="1", reason="x", key=uuid4())


# Commissions


def many(desk: Desk, verb: str, *rows: Any, reason: str = "looks odd") -> str:
    url = reverse(f"admin:affiliates_commission_{verb}_many")
    form = {"pk": [str(getattr(row, "pk", row)) for row in rows], "reason": reason}
    return desk.client.post(url, form, follow=True).content.decode()


def test_many_commissions_are_held_and_each_says_what_came_of_it(
    troupe: Troupe, other: Troupe, sold: Settlement, maker: Desk
) -> None:
    other.affiliate("zoe")
    other.member("zed", by="zoe")
    foreign = other.row(other.settle("zed", "10"))
    direct, override = troupe.row(sold), troupe.row(sold, "OVERRIDE")
    troupe.change("hold", override, reason="before")

    page = many(maker, "hold", direct, override, foreign, "nonsense")

    assert page.count("Held.") == 1
    assert "commission" in page
    assert "1 of the ticked rows were left" in page
    for row in (direct, foreign, override):
        row.refresh_from_db()
    assert (direct.state, direct.held_reason) == (CommissionState.HELD, "looks odd")
    assert override.held_reason == "before"
    assert foreign.state == CommissionState.ACCRUED
    many(maker, "release", direct, override)
    assert set(Commission.objects.filter(settlement=sold).values_list("state", flat=True)) == {"ACCRUED"}


def test_nothing_is_changed_without_a_reason_or_a_tick(troupe: Troupe, sold: Settlement, maker: Desk) -> None:
    row = troupe.row(sold)

    assert "Tick rows" in many(maker, "hold", row, reason="")
    assert "Tick rows" in many(maker, "void")
    assert Commission.objects.get(pk=row.pk).state == CommissionState.ACCRUED


def test_a_commission_is_voided_and_booked_back(troupe: Troupe, sold: Settlement, maker: Desk) -> None:
    row = troupe.row(sold)

    assert "Voided." in many(maker, "void", row)
    booked = Transaction.objects.count()
    many(maker, "void", row)
    assert Transaction.objects.count() == booked
    assert troupe.owed("ben") == "0"
    assert "Nothing was changed" in maker.press(row, "hold", reason="late")
    troupe.require_order()


def test_a_commission_s_page_says_how_it_came_about_and_why_it_waits(
    troupe: Troupe, sold: Settlement, auditor: Desk
) -> None:
    page = auditor.page(troupe.row(sold))

    for words in ("10 %", "1,000.00 KES", "Its hold period is not over", "nowhere to pay it to"):
        assert words in page, words
    assert "Keep it from being paid" not in page


def test_who_reads_only_sees_no_box_to_tick(troupe: Troupe, sold: Settlement, auditor: Desk, maker: Desk) -> None:
    assert 'name="pk"' in maker.list("commission")
    assert 'name="pk"' not in auditor.list("commission")
    assert auditor.client.post(reverse("admin:affiliates_commission_hold_many")).status_code == 403


# Reports


def test_a_month_is_drafted_made_final_and_handed_out(troupe: Troupe, sold: Settlement, maker: Desk) -> None:
    now = timezone.now()
    draft = reverse("admin:affiliates_commissionreport_draft")
    asked = {"program": troupe.program.slug, "month": f"{now:%Y-%m}"}
    assert "not over" in maker.client.post(draft, asked).content.decode()
    for wrong in ({"month": "x"}, {"month": "0001-01"}, {"month": "9999-12"}, {"program": "xanadu"}):
        assert "give__error" in maker.client.post(draft, {**asked, **wrong}).content.decode()
    assert not CommissionReport.objects.exists()
    draft_reports(program=troupe.program, start=now - timedelta(days=9), end=timezone.now(), at=timezone.now())
    reports = list(CommissionReport.objects.order_by("pk"))
    assert len(reports) == 2
    assert maker.client.get(maker.url(reports[0], "pdf")).status_code == 302

    finalize = reverse("admin:affiliates_commissionreport_finalize_many")
    page = maker.client.post(finalize, {"pk": [row.pk for row in reports]}, follow=True).content.decode()

    assert "2 reports are final." in page
    assert "Nothing was changed" in maker.client.post(
        finalize, {"pk": [reports[0].pk]}, follow=True
    ).content.decode()  # fmt: skip
    assert maker.client.get(maker.url(reports[0], "pdf")).content.startswith(b"%PDF-")
    assert b"OPENING" in maker.client.get(maker.url(reports[0], "csv")).content
    assert "Nothing was changed" in maker.press(reports[0], "paid", reason="paid by bank")
    assert CommissionReport.objects.get(pk=reports[0].pk).state == ReportState.FINALIZED


def test_an_adjustment_goes_into_the_draft_that_it_is_made_from(troupe: Troupe, sold: Settlement, maker: Desk) -> None:
    now = timezone.now()
    draft_reports(program=troupe.program, start=now - timedelta(days=9), end=now, at=now)
    report = CommissionReport.objects.get(affiliate=troupe.affiliates["ben"])
    assert f"?report={report.pk}" in maker.page(report)

    form = {"direction": "add", "asset": "KES", "amount": "7", "reason": "goodwill", "key": uuid4()}
    maker.client.post(f"{maker.url(troupe.affiliates['ben'], 'adjust')}?report={report.pk}", form)

    assert Adjustment.objects.get().report == report
    assert report.lines.count() == 2
    assert "goodwill" in maker.list("adjustment")


# Payout methods


def test_a_method_is_verified_with_what_shows_it_and_twins_are_told(troupe: Troupe, maker: Desk) -> None:
    ann, ben = troupe.affiliate("ann"), troupe.affiliate("ben")
    for who in (ann, ben):
        add_method(
            who.pk, program_id=troupe.program.pk, kind=MethodKind.MPESA, destination="0712345678", at=timezone.now()
        )
    method = PayoutMethod.objects.get(affiliate=ann)

    assert f"{ben.code} is paid to the same place" in maker.page(method)
    assert f"is also where {ben.code} is paid to" in maker.page(ann)
    maker.press(method, "verify", reason="letter of the bank")

    method.refresh_from_db()
    assert method.state == MethodState.VERIFIED
    maker.press(method, "retire", reason="lost the phone")
    method.refresh_from_db()
    assert method.state == MethodState.RETIRED
    assert "paid to the same place" not in maker.page(PayoutMethod.objects.get(affiliate=ben))


# Home


def test_the_first_page_says_what_waits_and_what_moves(troupe: Troupe, sold: Settlement, maker: Desk) -> None:
    a_claim(troupe)
    maker_page = maker.client.get("/admin/").content.decode()

    assert "1 claim to decide on" in maker_page
    for words in ("Commissions by day", "Settled by day", "120.00", "1,000.00"):
        assert words in maker_page, words
    support = Desk(troupe.program, Role.AUDITOR).client.get("/admin/").content.decode()
    assert "to decide on" not in support
    assert "Settled by day" in support


def test_no_chart_stands_there_of_another_program(troupe: Troupe, other: Troupe, sold: Settlement) -> None:
    page = Desk(other.program, Role.OWNER).client.get("/admin/").content.decode()

    assert "Settled by day" not in page
    assert "1,000.00" not in page
