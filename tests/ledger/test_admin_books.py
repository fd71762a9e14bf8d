"""The ledger explorer: statements, T-accounts, trial balances, and freezing with a reason."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from identity.models import Program, User
from identity.states import Role
from ledger.models import Account, Period, Transaction
from ledger.states import AccountStatus, PeriodState
from tests.factories import MembershipFactory
from tests.ledger.books import Book

pytestmark = pytest.mark.django_db

AL, BO, CLEARING, REVENUE = "wallet:al", "wallet:bo", "rail:mpesa:clearing", "program:acme:revenue"


@pytest.fixture
def busy(book: Book) -> Book:
    book.post("TOPUP", (CLEARING, AL, "1234567.5"), key="funding", memo="=cmd|calc")
    book.post("TRANSFER", (AL, BO, "0.0001"))
    return book


@pytest.fixture
def maker(program: Program, client: Client) -> Client:
    return sign_in(client, MembershipFactory(program=program, role=Role.FINANCE_MAKER).user)


def sign_in(client: Client, user: User) -> Client:
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def page_of(client: Client, book: Book, query: str = "") -> str:
    url = reverse("admin:ledger_account_change", args=[book.account(AL).pk])
    return client.get(url + query).content.decode()


def test_an_account_s_page_is_its_statement(busy: Book, maker: Client) -> None:
    page = page_of(maker, busy)

    for words in ("1,234,567.4999 KES", "1,234,567.50", "0.0001", "Transfer", "Topup", CLEARING):
        assert words in page
    yesterday = timezone.now().date() - timedelta(days=1)
    before = page_of(maker, busy, f"?since={yesterday}&until={yesterday}")
    assert "Nothing was booked in these days" in before


def test_a_statement_is_taken_away_and_runs_nothing_in_a_spreadsheet(busy: Book, maker: Client) -> None:
    url = reverse("admin:ledger_account_statement", args=[busy.account(AL).pk])

    first, again = (b"".join(maker.get(url).streaming_content).decode() for _ in range(2))  # type: ignore[attr-defined]

    lines = first.splitlines()
    assert first == again
    assert lines[1].endswith("OPENING,,,,,,0")
    assert "'=cmd|calc" in lines[2]
    assert lines[-1].endswith("CLOSING,,,,,,1234567.4999")


def test_a_transaction_is_shown_as_t_accounts(busy: Book, maker: Client) -> None:
    booked = Transaction.objects.get(key="funding")

    page = maker.get(reverse("admin:ledger_transaction_change", args=[booked.pk])).content.decode()

    assert page.count('class="t-account"') == 2
    assert page.count("1,234,567.50 KES") == 2


def test_the_trial_balance_of_a_day(busy: Book, maker: Client) -> None:
    url = reverse("admin:ledger_account_trial_balance")
    yesterday = str(timezone.now().date() - timedelta(days=1))

    assert "In balance" in maker.get(url).content.decode()
    assert "Nothing stands in these books" in maker.get(url, {"on": yesterday}).content.decode()
    for query in ({"on": "x"}, {"by": "x"}, {"program": "other"}, {"on": "0001-01-01"}, {"on": "9999-12-31"}):
        assert maker.get(url, query).status_code == 200, query


@pytest.mark.parametrize(
    "query", ["?since=x", "?until=9999-12-31", "?since=0001-01-01&until=0001-01-01", "?since=2030-01-01"]
)
def test_no_day_breaks_a_statement(query: str, busy: Book, maker: Client) -> None:
    assert "Statement" in page_of(maker, busy, query)


def test_freezing_takes_a_reason_and_a_role(busy: Book, maker: Client, alice: User) -> None:
    url = reverse("admin:ledger_account_status", args=[busy.account(AL).pk])

    maker.post(url, {"to": "FROZEN"})
    maker.post(url, {"to": "MELTED", "reason": "x"})
    assert Account.objects.get(code=AL).status == AccountStatus.OPEN
    closing = maker.post(url, {"to": "CLOSED", "reason": "x"}, follow=True).content.decode()
    assert "only an empty account can be closed" in closing
    maker.post(url, {"to": "FROZEN", "reason": "asked by its owner"})
    assert Account.objects.get(code=AL).status == AccountStatus.FROZEN

    auditor = sign_in(Client(), MembershipFactory(program=busy.program, role=Role.AUDITOR).user)
    assert auditor.post(url, {"to": "OPEN", "reason": "x"}).status_code == 403
    elsewhere = sign_in(Client(), MembershipFactory(role=Role.OWNER).user)
    assert elsewhere.post(url, {"to": "OPEN", "reason": "x"}).status_code == 404
    assert elsewhere.get(reverse("admin:ledger_account_statement", args=[busy.account(AL).pk])).status_code == 404
    assert Account.objects.get(code=AL).status == AccountStatus.FROZEN


def test_another_program_s_books_are_not_offered(busy: Book, charlie: User) -> None:
    owner = sign_in(Client(), MembershipFactory(program=charlie.memberships.get().program, role=Role.OWNER).user)

    page = owner.get(reverse("admin:ledger_account_trial_balance"), {"program": "acme"}).content.decode()

    assert AL not in page
    assert "Acme" not in page


@pytest.mark.django_db(transaction=True)
def test_a_period_is_closed_up_to_the_end_of_a_day(busy: Book, maker: Client) -> None:
    url = reverse("admin:ledger_period_close")
    yesterday = timezone.now().date() - timedelta(days=1)

    for wrong in ({}, {"program": "acme"}, {"program": "acme", "day": "x"}, {"program": "acme", "day": "2999-12-31"}):
        assert maker.post(url, wrong).status_code == 302
    assert not Period.objects.exists()
    assert "close-program" in maker.get(reverse("admin:ledger_period_changelist")).content.decode()
    page = maker.post(url, {"program": "acme", "day": str(yesterday)}, follow=True).content.decode()

    assert "are closed up to" in page
    assert Period.objects.get().state == PeriodState.CLOSED
    assert maker.post(url, {"program": "other", "day": str(yesterday)}).status_code == 403
    auditor = sign_in(Client(), MembershipFactory(program=busy.program, role=Role.AUDITOR).user)
    assert auditor.post(url, {"program": "acme", "day": str(yesterday)}).status_code == 403
    assert "close-program" not in auditor.get(reverse("admin:ledger_period_changelist")).content.decode()
