"""The books over the API: what stands there, for those who may read it, and for nobody else."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from identity.models import Program, User
from identity.states import Role
from ledger.models import Transaction
from tests.factories import MembershipFactory
from tests.ledger.books import Book

pytestmark = pytest.mark.django_db

BOOKS = "/api/v2/enterprise/ledger"
AL, BO, CLEARING, REVENUE = "wallet:al", "wallet:bo", "rail:mpesa:clearing", "program:acme:revenue"


@pytest.fixture
def busy(book: Book) -> Book:
    book.post("TOPUP", (CLEARING, AL, "100.5"), key="funding", metadata={"receipt": "ABC"})
    for _ in range(5):
        book.post("TRANSFER", (AL, BO, "2.5"))
        book.post("SPEND", (AL, REVENUE, "1"))
    return book


@pytest.fixture
def reader(program: Program, api_as: Any) -> APIClient:
    client: APIClient = api_as(MembershipFactory(program=program, role=Role.FINANCE_MAKER).user)
    return client


def test_the_books_say_that_they_balance(busy: Book, reader: APIClient) -> None:
    said = reader.get(f"{BOOKS}/balance").json()

    assert said["is_balanced"] is True
    assert said["assets"] == [{"asset": "KES", "debit": "100.5", "credit": "100.5", "is_balanced": True}]


def test_a_trial_balance_now_and_then(busy: Book, reader: APIClient) -> None:
    funded = Transaction.objects.get(key="funding").booked_at

    now = reader.get(f"{BOOKS}/trial-balance").json()
    then = reader.get(f"{BOOKS}/trial-balance", {"at": funded.isoformat()}).json()

    assert {line["code"]: (line["debit"], line["credit"]) for line in now["lines"]} == {
        CLEARING: ("100.5", "0"), AL: ("0", "83"), BO: ("0", "12.5"), REVENUE: ("0", "5"),
    }  # fmt: skip
    assert [line["code"] for line in then["lines"]] == [CLEARING, AL]
    assert reader.get(f"{BOOKS}/trial-balance", {"by": "effective"}).json()["lines"] == now["lines"]


def test_accounts_are_found_by_their_beginning_and_show_what_they_hold(busy: Book, reader: APIClient) -> None:
    found = reader.get(f"{BOOKS}/accounts", {"prefix": "wallet:", "ordering": "code"}).json()["results"]

    assert [(account["code"], account["balance"]) for account in found] == [
        (AL, "83"), (f"{AL}:owed", "0"), (BO, "12.5"), (f"{BO}:owed", "0"),
    ]  # fmt: skip
    one = f"{BOOKS}/accounts/{busy.account(AL).pk}"
    before = (timezone.now() - timedelta(days=1)).isoformat()
    assert reader.get(one).json()["balance"] == "83"
    assert reader.get(one, {"at": before}).json()["balance"] == "0"
    assert reader.get(one, {"at": before, "by": "effective"}).json()["balance"] == "0"


def test_a_transaction_shows_its_entries(busy: Book, reader: APIClient) -> None:
    (found,) = reader.get(f"{BOOKS}/transactions", {"key": "funding"}).json()["results"]

    assert found["metadata"] == {"receipt": "ABC"}
    assert found["entries"][0]["amount"] == found["entries"][0]["credit_balance"] == "100.5"
    assert found["entries"][0]["debit_balance"] is None
    assert reader.get(f"{BOOKS}/transactions/{found['id']}").json() == found
    entry = f"{BOOKS}/entries/{found['entries'][0]['id']}"
    assert reader.get(entry).json() == found["entries"][0]
    assert len(reader.get(f"{BOOKS}/entries", {"account": busy.account(BO).pk}).json()["results"]) == 5
    assert len(reader.get(f"{BOOKS}/transactions", {"account": busy.account(BO).pk}).json()["results"]) == 5


def test_a_statement_in_pages(busy: Book, reader: APIClient) -> None:
    url = f"{BOOKS}/accounts/{busy.account(REVENUE).pk}/statement"
    whole = reader.get(url).json()

    first = reader.get(url, {"page_size": 3}).json()
    second = reader.get(url, {"page_size": 3, "cursor": first["next"]}).json()

    assert [line["balance"] for line in whole["lines"]] == ["1", "2", "3", "4", "5"]
    assert first["lines"] + second["lines"] == whole["lines"]
    assert (first["closing"], second["opening"], second["next"]) == ("3", "3", None)
    other = f"{BOOKS}/accounts/{busy.account(AL).pk}/statement"
    for cursor in (first["next"] + "x", "abc"):
        assert reader.get(url, {"cursor": cursor}).status_code == 400
    assert reader.get(other, {"cursor": first["next"]}).status_code == 400


def test_the_chart_is_rolled_up_by_the_beginnings_of_codes(busy: Book, reader: APIClient) -> None:
    busy.post("RAIL_SETTLED", ("rail:mpesa:float", CLEARING, "40"))

    def told(**query: str) -> list[tuple[str, int, str, str]]:
        branches = reader.get(f"{BOOKS}/tree", query).json()["branches"]
        return [(one["code"], one["accounts"], one["debit"], one["credit"]) for one in branches]

    assert told() == [
        ("program:", 1, "0", "5"), ("rail:", 2, "100.5", "0"), ("wallet:", 2, "0", "95.5"),
    ]  # fmt: skip
    assert told(prefix="rail:", depth="2") == [(CLEARING, 1, "60.5", "0"), ("rail:mpesa:float", 1, "40", "0")]
    assert told(prefix="wallet:") == [(AL, 1, "0", "83"), (BO, 1, "0", "12.5")]
    assert told(prefix="nothing:") == []


@pytest.mark.parametrize(
    "query",
    ["at=yesterday", "by=moon", "at=2026-13-01", "after=x", "until=x", "page_size=0", "page_size=x", "account=x",
     "account=-1", "account=1.5", "account=99999999999999999999999", "prefix=%00", "key=%00", "transaction=x",
     "role=KING", "nothing=1", "cursor=x", "depth=0", "depth=x"],
)  # fmt: skip
def test_a_bad_question_is_no_500(query: str, busy: Book, reader: APIClient) -> None:
    wallet = busy.account(AL).pk
    for path in ("accounts", "entries", "transactions", "trial-balance", "tree", f"accounts/{wallet}",
                 f"accounts/{wallet}/statement"):  # fmt: skip
        assert reader.get(f"{BOOKS}/{path}?{query}").status_code in (200, 400), path


def test_what_is_another_program_s_is_not_there(busy: Book, api_as: Any, charlie: User) -> None:
    Program.objects.filter(slug="other").update(name="Other")
    stranger = api_as(MembershipFactory(program=Program.objects.get(slug="other"), role=Role.OWNER).user)
    booked = Transaction.objects.get(key="funding")

    assert stranger.get(f"{BOOKS}/accounts").json()["results"] == []
    assert stranger.get(f"{BOOKS}/trial-balance").json()["lines"] == []
    for path in (f"accounts/{busy.account(AL).pk}", f"transactions/{booked.pk}", "accounts/999999999",
                 f"accounts/{busy.account(AL).pk}/statement"):  # fmt: skip
        assert stranger.get(f"{BOOKS}/{path}").status_code == 404, path
    assert stranger.get(f"{BOOKS}/balance", headers={"X-Program": "acme"}).status_code == 404


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.CUSTOMER, Role.MERCHANT, Role.AFFILIATE])
def test_not_every_role_reads_the_books(role: Role, busy: Book, api_as: Any) -> None:
    client = api_as(MembershipFactory(program=busy.program, role=role).user)

    for path in ("accounts", "entries", "transactions", "balance", "trial-balance"):
        assert client.get(f"{BOOKS}/{path}").status_code == 403
