"""The pages of those who own wallets: what they see, find and take away, and nothing of anybody else's."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from identity.models import User
from ledger.models import IssuedStatement
from tests.factories import UserFactory, WalletTransactionFactory
from tests.wallets.owners import Owner, owner, signed_in
from tests.wallets.purses import Purses
from wallets.models import WalletTransaction
from wallets.operations.issue_statement import A_DAY_AT_MOST
from wallets.queries.lines import LINES_AT_ONCE

pytestmark = pytest.mark.django_db


def test_the_overview_shows_what_one_has_and_what_happened_last(purses: Purses, ann: Owner, ben: Owner) -> None:
    purses.do("hold", ann.name, "250")
    purses.do("transfer", ann.name, "100.5", to=ben.wallet().pk, description="For lunch")

    for url in ("/portal/", "/portal/wallets/"):
        page = ann.client.get(url).content.decode()
        for words in ("Kenyan shilling", "649.50", "Reserved", "250.00", "Transfer to Ben Baker", "100.50 KES"):
            assert words in page, (url, words)
        assert "For lunch" in page
    page = ben.client.get("/portal/").content.decode()
    assert "Transfer from Ann Able" in page
    assert "649.50" not in page


def test_somebody_without_a_wallet_is_told_where_they_come_from(charlie: User) -> None:
    client = signed_in(charlie)

    assert "No wallet yet" in client.get("/portal/wallets/").content.decode()
    assert "Your programs" in client.get("/portal/").content.decode()


def test_a_wallet_s_page_runs_its_balance_down_its_lines(purses: Purses, ann: Owner, ben: Owner) -> None:
    purses.do("hold", ann.name, "250")
    purses.do("transfer", ann.name, "100.5", to=ben.wallet().pk)
    purses.do("pay_from_wallet", ann.name, "99.5", description="Order 7")

    page = ann.page()

    for words in ("550.00", "250.00", "+1,000.00", "\N{MINUS SIGN}100.50", "899.50", "800.00", "Payment to Acme"):
        assert words in page
    order = [page.index(words) for words in ("Order 7", "Transfer to Ben Baker", "Salary")]
    assert order == sorted(order)
    assert ann.wallet().account.code in page


def test_what_is_owed_is_shown(purses: Purses, ann: Owner) -> None:
    purses.do("charge_back", ann.name, "1200")

    assert "200.00" in ann.page()
    assert "amount--owed" in ann.client.get("/portal/wallets/").content.decode()


def test_lines_are_found_by_kind_day_and_reference(purses: Purses, ann: Owner, ben: Owner) -> None:
    sent = purses.do("transfer", ann.name, "100", to=ben.wallet().pk, key="order-17", description="The 50% of lunch")
    paid = purses.do("pay_from_wallet", ann.name, "99", key="pay-18")
    today, tomorrow = timezone.now().date(), timezone.now().date() + timedelta(days=1)

    def found(**query: Any) -> tuple[bool, bool, bool]:
        page = ann.page(**query)
        return "Salary" in page, "Transfer to Ben" in page, "Payment to Acme" in page

    assert found() == (True, True, True)
    assert found(type="TRANSFER") == (False, True, False)
    assert found(since=today, until=today) == (True, True, True)
    assert found(since=tomorrow) == (False, False, False)
    assert found(until=today - timedelta(days=1)) == (False, False, False)
    for reference in ("order-17", str(sent.pk), str(sent.ledger_transaction_id), "50%", "LUNCH"):
        assert found(q=reference) == (False, True, False), reference
    for reference in ("pay-18", str(paid.pk)):
        assert found(q=reference) == (False, False, True), reference
    assert found(q="nothing like it") == (False, False, False)
    assert "No transaction of this wallet fits" in ann.page(q="nothing like it")


def test_a_filter_that_makes_no_sense_is_told_and_breaks_nothing(ann: Owner) -> None:
    for query in (
        {"q": "a\0b"}, {"q": "x" * 400}, {"since": "yesterday"}, {"since": "0001-01-01"}, {"until": "9999-12-31"},
        {"type": "GIFT"}, {"type": "A\0B"}, {"q": "%"}, {"q": "\\"}, {"q": "'"},
    ):  # fmt: skip
        page = ann.page(**query)
        assert "field__errors" in page or "fits what you asked" in page, query
    for number in ("x", "-1", "1e3", "9" * 30, "\N{SUPERSCRIPT TWO}", ""):
        assert ann.client.get(ann.url(), {"older_than": number}).status_code == 400, number


def test_pages_follow_each_other_without_a_gap_or_a_repetition(purses: Purses, ann: Owner) -> None:
    for number in range(LINES_AT_ONCE + 4):
        purses.do("spend", ann.name, "1", description=f"piece {number:03}")
    seen, page = [], ann.page()
    assert "The latest" not in page

    seen += [number for number in range(LINES_AT_ONCE + 4) if f"piece {number:03}" in page]
    older = page.split('rel="next"')[1].split('href="')[1].split('"')[0]
    behind = ann.client.get(ann.url() + older.replace("&amp;", "&")).content.decode()

    assert 'rel="next"' not in behind
    assert "The latest" in behind
    seen += [number for number in range(LINES_AT_ONCE + 4) if f"piece {number:03}" in behind]
    assert sorted(seen) == list(range(LINES_AT_ONCE + 4))
    assert "Salary" in behind
    assert "There are no older ones" in ann.page(older_than=1)


def test_what_waits_for_somebody_outside_stands_apart(ann: Owner) -> None:
    WalletTransactionFactory(wallet=ann.wallet(), type="WITHDRAWAL", is_credit=False, amount=300)

    page = ann.page()

    assert page.index("Under way") < page.index("\N{MINUS SIGN}300.00 KES") < page.index("Salary")
    assert "Pending" in page
    assert "Under way" not in ann.page(type="DEPOSIT")


def test_html_in_words_stays_words(purses: Purses, ann: Owner) -> None:
    line = purses.do("spend", ann.name, "1", description="<script>alert(1)</script>")

    for page in (ann.page(), ann.page(f"transactions/{line.pk}/"), ann.client.get("/portal/").content.decode()):
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert(1)" not in page


PAGES = ["", "transfer/", "pay/", "statements/"]


@pytest.mark.parametrize("page", PAGES)
def test_somebody_else_s_wallet_is_not_there(page: str, purses: Purses, ann: Owner, ben: Owner, bob: User) -> None:
    staff = signed_in(bob)  # who may read nothing of money here, and would not own it if he could
    for client in (ben.client, staff):
        foreign, missing = client.get(ann.url(page)), client.get(f"/portal/wallets/{uuid4()}/{page}")
        assert (foreign.status_code, missing.status_code) == (404, 404)
        if page:
            assert client.post(ann.url(page), {"confirmed": "1", "amount": "1", "key": str(uuid4())}).status_code == 404
    assert purses.has(ann.name)[0] == 1000


def test_somebody_else_s_line_and_statement_are_not_there_even_beside_one_s_own_wallet(
    purses: Purses, ann: Owner, ben: Owner
) -> None:
    line = ann.wallet().transactions.get()
    ann.send("statements/", since=timezone.now().date(), until=timezone.now().date())
    issued = IssuedStatement.objects.get()

    assert ann.client.get(ann.url(f"statements/{issued.pk}.csv")).status_code == 200
    for page in (f"transactions/{line.pk}/", f"statements/{issued.pk}.pdf", f"statements/{issued.pk}.csv"):
        assert ben.client.get(ben.url(page)).status_code == 404
        assert ben.client.get(ann.url(page)).status_code == 404
    assert ann.client.get(ann.url(f"transactions/{uuid4()}/")).status_code == 404


def test_a_stranger_is_asked_to_sign_in(ann: Owner) -> None:
    ann.client.logout()

    for url in ("/portal/wallets/", *(ann.url(page) for page in PAGES)):
        answer = ann.client.get(url)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/login/")


# Statements


def test_a_statement_is_issued_once_and_is_the_same_file_whenever_it_is_taken(purses: Purses, ann: Owner) -> None:
    days: dict[str, Any] = {
        "since": timezone.now().date() - timedelta(days=40),
        "until": timezone.now().date() - timedelta(days=10),
    }

    for _ in range(2):
        assert ann.send("statements/", **days)["Location"] == ann.url("statements/")

    issued = IssuedStatement.objects.get()
    assert issued.account == ann.wallet().account
    assert "S-000001" in ann.page("statements/")
    for form, beginning, kind in (
        ("pdf", b"%PDF", "application/pdf"),
        ("csv", b"booked_at", "text/csv; charset=utf-8"),
    ):
        one, other = (ann.client.get(ann.url(f"statements/{issued.pk}.{form}")) for _ in range(2))
        assert one.content == other.content == bytes(getattr(issued, form))
        assert one.content.startswith(beginning)
        assert one["Content-Type"] == kind
        assert one["Content-Disposition"] == f'attachment; filename="statement-S-000001.{form}"'


def test_with_today_in_it_a_statement_reaches_up_to_now(
    purses: Purses, ann: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    days: dict[str, Any] = {"since": now.date() - timedelta(days=1), "until": now.date() + timedelta(days=3)}

    ann.send("statements/", **days)

    issued = IssuedStatement.objects.get()
    assert now - timedelta(seconds=3) < issued.until < timezone.now()
    assert "up to" in ann.page("statements/")


@pytest.mark.parametrize(
    "days",
    [
        {},
        {"since": "", "until": ""},
        {"since": "2026-02-30", "until": "2026-03-01"},
        {"since": "2999-01-01", "until": "2999-01-02"},
        {"since": "2026-03-02", "until": "2026-03-01"},
        {"since": "2026-03-02\0", "until": "2026-03-01"},
    ],
)
def test_days_that_make_no_period_are_refused_in_words(days: dict[str, str], ann: Owner) -> None:
    answer = ann.send("statements/", **days)

    assert answer.status_code == 200
    assert "alert--bad" in answer.content.decode() or "field__errors" in answer.content.decode()
    assert not IssuedStatement.objects.exists()


def test_nobody_issues_statements_without_end(ann: Owner) -> None:
    first = timezone.now().date() - timedelta(days=200)
    for number in range(A_DAY_AT_MOST):
        ann.send("statements/", since=first, until=first + timedelta(days=number))
    assert IssuedStatement.objects.count() == A_DAY_AT_MOST

    refused = ann.send("statements/", since=first - timedelta(days=1), until=first).content.decode()
    again = ann.send("statements/", since=first, until=first)

    assert "Nothing was issued" in refused
    assert IssuedStatement.objects.count() == A_DAY_AT_MOST
    assert again.status_code == 302  # what is there is handed out


# How much is read


def reads(client: Any, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(url).status_code == 200
    return len(asked)


def test_pages_read_as_often_for_many_lines_as_for_a_few(purses: Purses, ann: Owner, ben: Owner) -> None:
    purses.do("transfer", ann.name, "1", to=ben.wallet().pk)
    urls = [ann.url(), "/portal/", "/portal/wallets/"]
    few = [reads(ann.client, url) for url in urls]

    for number in range(8):
        purses.do("transfer", ann.name, "1", to=owner(purses, f"Person{number} Able").wallet().pk)
        purses.do("pay_from_wallet", ann.name, "1")

    assert [reads(ann.client, url) for url in urls] == few
    for asset in ("GOLD", "USDC"):
        purses.wallet(ann.name, asset)
    assert [reads(ann.client, url) for url in urls] == few
    assert max(few) <= 20, few


def test_a_search_that_takes_too_long_is_ended(ann: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    from ledger.queries import searching

    monkeypatch.setattr(searching, "PATIENCE_SECONDS", 0.001)
    monkeypatch.setattr(
        searching, "_allow", lambda _: connection.cursor().execute("SET LOCAL statement_timeout = '1ms'")
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', '0', true)")
    slow = WalletTransaction.objects.extra(where=["pg_sleep(0.2) IS NOT NULL"])
    monkeypatch.setattr("wallets.queries.lines._matching", lambda *_: slow)

    assert "That takes too long to find" in ann.page(q="x")


def test_staff_see_wallets_in_the_navigation_too(bob: User) -> None:
    page = signed_in(bob).get("/portal/profile/").content.decode()

    assert 'href="/portal/wallets/"' in page


def test_of_several_programs_each_wallet_says_its_own(purses: Purses, ann: Owner) -> None:
    other = UserFactory()  # somebody else's wallet in between changes nothing
    assert "Acme" not in signed_in(other).get("/portal/wallets/").content.decode()

    page = ann.client.get("/portal/wallets/").content.decode()

    assert "Kenyan shilling, Acme" in page
