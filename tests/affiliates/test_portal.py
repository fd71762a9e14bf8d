"""The affiliates' portal: what they earn and why it waits, their link, their downline, where they are paid, reports."""

import csv
import io
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from affiliates.models import Affiliate, Commission, CommissionReport, PayoutMethod
from affiliates.operations import (
    add_method,
    adjust_commission,
    draft_reports,
    finalize_reports,
    verify_method,
    void_commission,
)
from affiliates.queries.report_files import balances_of, lines_of, report_csv
from affiliates.states import MethodKind, MethodState
from identity.models import User, WalletAddress
from identity.states import Role
from tests.affiliates.troupe import Troupe, address
from tests.factories import MembershipFactory, UserFactory
from tests.wallets.owners import signed_in

pytestmark = pytest.mark.django_db


class Reader:
    """An affiliate in a browser."""

    def __init__(self, troupe: Troupe, name: str, **more: Any) -> None:
        self.user: User = UserFactory(email=f"{name}@example.com", name=name.title())
        self.affiliate: Affiliate = troupe.affiliate(name, user=self.user, **more)
        self.client: Client = signed_in(self.user)
        self.base = f"/affiliate/in/{troupe.program.slug}/"

    def page(self, where: str = "", **query: Any) -> str:
        answer = self.client.get(self.base + where, query)
        assert answer.status_code == 200, (where, answer.status_code)
        return answer.content.decode()


@pytest.fixture
def ann(troupe: Troupe) -> Reader:
    return Reader(troupe, "ann")


@pytest.fixture
def busy(troupe: Troupe, ann: Reader) -> Reader:
    """Has earned 100 and 20, of which 5 was taken back, and an override of 10."""
    troupe.affiliate("ben", under="ann")
    troupe.member("mo", by="ann")
    troupe.member("bo", by="ben")
    sold = troupe.settle("mo", "1000")
    troupe.settle("mo", "200")
    troupe.settle("bo", "500")
    troupe.reverse(sold, "50")
    return ann


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


# Earnings


def test_the_figures_are_what_the_rows_come_to(troupe: Troupe, busy: Reader) -> None:
    said = words_of(busy.page())

    assert "Accrued 130.00 KES" in said
    assert "Due \N{MINUS SIGN}5.00 KES" in said
    assert "Clawed back \N{MINUS SIGN}5.00 KES" in said
    assert "Settlements 2" in said
    assert "chart-data" in busy.page()
    troupe.mature()
    assert "Due 125.00 KES" in words_of(busy.page())


def test_what_stands_between_an_affiliate_and_the_payout_is_told(troupe: Troupe, busy: Reader) -> None:
    assert "There is nowhere to pay it to" in busy.page()

    method = add_method(
        busy.affiliate.pk,
        program_id=troupe.program.pk,
        kind=MethodKind.MPESA,
        destination="0712345678",
        at=timezone.now(),
    )
    assert "not verified yet" in busy.page()
    verify_method(method.pk, program_id=troupe.program.pk, evidence="a call", at=timezone.now())
    assert "cools for two days" in busy.page()
    troupe.mature()
    assert "nowhere to pay it to" not in busy.page()


def test_somebody_who_has_earned_nothing_is_told_what_to_do_first(ann: Reader) -> None:
    assert "Nothing in these days" in ann.page()
    assert "Share your link first" in ann.page("commissions/")
    assert "Nobody here yet" in ann.page("downline/")
    assert "Nowhere to pay you to yet" in ann.page("methods/")
    assert "No report yet" in ann.page("reports/")


def test_an_affiliate_without_a_program_reads_how_one_comes_to_it(troupe: Troupe) -> None:
    user = MembershipFactory(program=troupe.program, role=Role.AFFILIATE).user

    page = signed_in(user).get("/affiliate/").content.decode()

    assert "Your earnings will appear here" in page


def test_who_is_an_affiliate_of_two_programs_switches_between_them(troupe: Troupe, other: Troupe, ann: Reader) -> None:
    other.affiliate("ann", user=ann.user)

    assert ann.client.get("/affiliate/").status_code == 302
    assert f"/affiliate/in/{other.program.slug}/" in ann.page()
    assert ann.client.get(f"/affiliate/in/{other.program.slug}/").status_code == 200


PAGES = ("", "commissions/", "link/", "link.svg", "downline/", "methods/", "payouts/", "reports/")


def test_nobody_else_reads_any_of_it(troupe: Troupe, other: Troupe, busy: Reader) -> None:
    outsider = Reader(other, "zoe")
    row = Commission.objects.filter(affiliate=busy.affiliate).first()
    assert row is not None
    places = [*PAGES, f"commissions/{row.pk}/", f"downline/{busy.affiliate.pk}/"]

    for place in places:
        assert outsider.client.get(busy.base + place).status_code == 404, place
        assert Client().get(busy.base + place).headers["Location"].startswith("/accounts/login/"), place
        customer = signed_in(MembershipFactory(program=troupe.program, role=Role.CUSTOMER).user)
        assert customer.get(busy.base + place).status_code == 403, place
    for place in (f"commissions/{row.pk}/", f"downline/{busy.affiliate.pk}/"):
        assert outsider.client.get(outsider.base + place).status_code == 404, place
    assert outsider.client.post(f"{outsider.base}methods/{row.pk}/retire/").status_code == 404


def test_the_pages_ask_the_same_however_much_there_is(troupe: Troupe, busy: Reader) -> None:
    def statements(place: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            busy.page(place)
        return len(captured)

    busy.page()  # the first page of a session does more
    before = {place: statements(place) for place in ("", "commissions/", "downline/", "link/")}
    for number in range(12):
        troupe.settle("mo", str(10 + number))
        troupe.affiliate(f"under-{number}", under="ann")

    assert {place: statements(place) for place in before} == before


# Commissions


def test_each_commission_says_what_for_and_what_it_waits_for(troupe: Troupe, busy: Reader) -> None:
    member = troupe.members["mo"]
    said = words_of(busy.page("commissions/"))

    assert "1,000.00 KES paid by " + member.shown_address[:6] in said
    assert "Its hold period is not over" in said
    row = Commission.objects.get(affiliate=busy.affiliate, type="DIRECT", base=1000)
    said = words_of(busy.page(f"commissions/{row.pk}/"))
    for words in ("100.00 KES", "1,000.00 KES", "10 %", "the program&#x27;s", "Claw-back", "refunded", str(row.pk)):
        assert words in said, words
    taken = busy.affiliate.commissions.get(type="CLAWBACK")
    said = words_of(busy.page(f"commissions/{taken.pk}/"))
    assert "Returned of it" in said
    assert "Hold period until" not in said
    assert taken.reversal is not None
    assert f"{taken.reversal.amount:.2f} KES" in said


def test_commissions_are_found_by_kind_state_and_day(busy: Reader) -> None:
    tomorrow = timezone.now().date() + timedelta(days=1)

    def found(**query: Any) -> list[str]:
        return re.findall(r"list__link[^>]*>([^<]+)", busy.page("commissions/", **query))

    assert sorted(found()) == ["Claw-back", "Direct", "Direct", "Override"]
    assert found(type="OVERRIDE") == ["Override"]
    assert found(state="DUE") == ["Claw-back"]
    assert found(since=tomorrow) == []
    assert len(found(until=tomorrow)) == 4
    for nonsense in ({"type": "X"}, {"state": "\0"}, {"since": "yesterday"}, {"until": "9999-99-99"}):
        assert "field__errors" in busy.page("commissions/", **nonsense)
    assert busy.client.get(busy.base + "commissions/", {"older_than": "x"}).status_code == 400


def test_pages_of_commissions_follow_each_other(troupe: Troupe, busy: Reader) -> None:
    for number in range(30):
        troupe.settle("mo", str(10 + number))

    first = busy.page("commissions/")
    link = first.split('rel="next"')[1].split('href="')[1].split('"')[0]
    second = busy.client.get(busy.base + "commissions/" + link.replace("&amp;", "&")).content.decode()

    ids = [re.findall(r"commissions/([0-9a-f-]{36})/", page) for page in (first, second)]
    assert [len(each) for each in ids] == [30, 4]
    assert not set(ids[0]) & set(ids[1])


# The link and the downline


def test_the_link_has_a_code_to_scan_and_a_funnel(busy: Reader) -> None:
    page = busy.page("link/")

    assert f"/r/{busy.affiliate.code}" in page
    assert "Members" in page
    assert "1,150.00 KES" in words_of(page)
    picture = busy.client.get(busy.base + "link.svg")
    assert picture.headers["Content-Type"] == "image/svg+xml"
    assert picture.content.startswith(b"<svg")


def test_the_downline_opens_level_by_level(troupe: Troupe, busy: Reader) -> None:
    cora = troupe.affiliate("cora", under="ben")
    troupe.affiliate("dina", under="cora")
    ben = troupe.affiliates["ben"]

    page = busy.page("downline/")
    assert ben.code in page
    assert cora.code not in page
    branch = busy.client.get(f"{busy.base}downline/{ben.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert cora.code in branch
    assert "<html" not in branch
    assert f"Under {ben.code}" in busy.page(f"downline/{ben.pk}/")
    assert troupe.affiliates["dina"].code in busy.page(f"downline/{cora.pk}/")
    assert busy.client.get(f"{busy.base}downline/", {"after": "x"}).status_code == 400


def test_nobody_reads_who_stands_beside_or_above(troupe: Troupe, busy: Reader) -> None:
    beside = troupe.affiliate("eve")

    assert busy.client.get(f"{busy.base}downline/{beside.pk}/").status_code == 404


# Payout methods


def send(reader: Reader, **form: str) -> Any:
    return reader.client.post(reader.base + "methods/", {"kind": "MPESA", "destination": "0712 345 678", **form})


def test_a_method_is_added_and_waits_for_somebody_to_look(ann: Reader) -> None:
    assert send(ann).status_code == 302

    method = PayoutMethod.objects.get()
    assert (method.destination, method.state) == ("254712345678", MethodState.ADDED)
    assert "Somebody makes sure first" in ann.page("methods/")
    assert "field__errors" in send(ann).content.decode()
    assert PayoutMethod.objects.count() == 1


def test_an_address_that_was_proven_cools_at_once(ann: Reader) -> None:
    own = address(0xE1)
    WalletAddress.objects.create(user=ann.user, address=own, chain_id=1, proven_at=timezone.now())

    send(ann, kind="EVM", destination=own)

    method = PayoutMethod.objects.get()
    assert method.state == MethodState.VERIFIED
    assert method.usable_at is not None
    assert timedelta(hours=47) < method.usable_at - timezone.now() <= timedelta(hours=48)
    assert "It can be used from" in ann.page("methods/")


@pytest.mark.parametrize(
    "wrong",
    [
        {"destination": "12"}, {"destination": "a\0b"}, {"kind": "EVM", "destination": "0x1"}, {"kind": "CASH"},
        {"kind": "BANK", "destination": "KCBLKENX:1234567"}, {"kind": "WALLET", "destination": address(1)},
    ],
)  # fmt: skip
def test_a_destination_that_is_none_is_told_beside_its_field(ann: Reader, wrong: dict[str, str]) -> None:
    page = send(ann, **wrong)

    assert page.status_code == 200
    assert "field__errors" in page.content.decode()
    assert not PayoutMethod.objects.exists()


def test_a_method_is_retired_by_who_has_it(troupe: Troupe, ann: Reader) -> None:
    send(ann)
    method = PayoutMethod.objects.get()
    ben = Reader(troupe, "ben")

    assert ben.client.post(f"{ben.base}methods/{method.pk}/retire/").status_code == 404
    assert ann.client.get(f"{ann.base}methods/{method.pk}/retire/").status_code == 405
    ann.client.post(f"{ann.base}methods/{method.pk}/retire/")

    method.refresh_from_db()
    assert method.state == MethodState.RETIRED
    assert "Nothing was changed" in ann.client.post(
        f"{ann.base}methods/{method.pk}/retire/", follow=True
    ).content.decode()  # fmt: skip


# Reports


def a_report(troupe: Troupe, *, is_final: bool = True) -> CommissionReport:
    now = timezone.now()
    draft_reports(program=troupe.program, start=now - timedelta(days=30), end=now, at=now)
    report = CommissionReport.objects.get(affiliate=troupe.affiliates["ann"], period_end=now)
    if is_final:
        finalize_reports([report.pk], program_id=troupe.program.pk, at=now)
        report.refresh_from_db()
    return report


def test_only_final_reports_are_shown_and_handed_out(troupe: Troupe, busy: Reader) -> None:
    draft = a_report(troupe, is_final=False)
    assert "No report yet" in busy.page("reports/")
    assert busy.client.get(f"{busy.base}reports/{draft.pk}.pdf").status_code == 404

    finalize_reports([draft.pk], program_id=troupe.program.pk, at=timezone.now())

    assert "125.00 KES" in busy.page("reports/")
    printed = busy.client.get(f"{busy.base}reports/{draft.pk}.pdf")
    assert printed.content.startswith(b"%PDF-")
    assert printed.content == busy.client.get(f"{busy.base}reports/{draft.pk}.pdf").content
    assert printed.headers["Content-Disposition"].endswith('.pdf"')
    stranger = Reader(troupe, "zoe")
    assert stranger.client.get(f"{stranger.base}reports/{draft.pk}.pdf").status_code == 404


def test_a_report_that_nobody_would_read_on_paper_is_a_file(troupe: Troupe, busy: Reader) -> None:
    report = a_report(troupe)
    with patch("affiliates.queries.report_files.LINES_PRINTED_AT_MOST", 3):
        page = busy.client.get(f"{busy.base}reports/{report.pk}.pdf", follow=True).content.decode()

    assert "4 lines; up to 3 are printed" in page
    assert busy.client.get(f"{busy.base}reports/{report.pk}.csv").status_code == 200


def test_a_report_adds_up_line_by_line(troupe: Troupe, busy: Reader) -> None:
    report = a_report(troupe)

    rows = list(csv.DictReader(io.StringIO(report_csv(report).decode())))

    named = {row["type"]: row["amount"] for row in rows if not row["commission"]}
    assert (named["OPENING"], named["TOTAL"], named["PAID"], named["CLOSING"]) == ("0", "125", "0", "125")
    amounts = sorted(row["amount"] for row in rows if row["commission"])
    assert amounts == ["-5", "10", "100", "20"]
    assert rows[-1]["source"] == report.digest


def test_what_was_unpaid_before_opens_the_next_report(troupe: Troupe, busy: Reader) -> None:
    first = a_report(troupe)
    troupe.mature()
    troupe.pay_out("ann")
    troupe.settle("mo", "300")
    now = timezone.now()
    draft_reports(program=troupe.program, start=first.period_end, end=now, at=now)
    second = CommissionReport.objects.get(affiliate=busy.affiliate, period_end=now)

    found = balances_of(second)

    assert [f"{each.normalize():f}" for each in (found.opening, found.paid, found.closing)] == ["125", "125", "30"]


def test_rows_that_no_report_has_open_the_next_one_too(troupe: Troupe, busy: Reader) -> None:
    start = timezone.now()
    troupe.settle("mo", "300")
    now = timezone.now()
    draft_reports(program=troupe.program, start=start, end=now, at=now)
    report = CommissionReport.objects.get(affiliate=busy.affiliate, period_end=now)

    found = balances_of(report)

    assert [f"{each.normalize():f}" for each in (found.opening, found.paid, found.closing)] == ["125", "0", "155"]


def test_what_is_voided_later_stays_a_line_of_the_report(troupe: Troupe, busy: Reader) -> None:
    row = Commission.objects.get(affiliate=busy.affiliate, type="DIRECT", base=200)
    before = Commission.objects.get(affiliate=busy.affiliate, type="OVERRIDE")
    draft = a_report(troupe, is_final=False)
    void_commission(before.pk, program_id=troupe.program.pk, reason="never earned", at=timezone.now())
    finalize_reports([draft.pk], program_id=troupe.program.pk, at=timezone.now())

    void_commission(row.pk, program_id=troupe.program.pk, reason="never earned", at=timezone.now())

    draft.refresh_from_db()
    assert before not in lines_of(draft)
    assert row in lines_of(draft)
    assert len(lines_of(draft)) == draft.lines_count


def test_no_cell_of_the_file_is_a_formula(troupe: Troupe, busy: Reader) -> None:
    adjust_commission(
        busy.affiliate.pk, program_id=troupe.program.pk, asset_code="KES", amount=Decimal(1), reason='=HYPERLINK("http://x")',
        key="k", at=timezone.now(),
    )  # fmt: skip
    report = a_report(troupe)

    cells = [cell for row in csv.reader(io.StringIO(report_csv(report).decode())) for cell in row]

    assert '\'=HYPERLINK("http://x")' in cells
    assert not [cell for cell in cells if cell.startswith("=")]
