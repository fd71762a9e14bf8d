"""Transactions are found by any reference, as fast among a hundred thousand as among ten, or not at all."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.context import Actor, Context, acting, new_correlation_id
from identity.models import User
from identity.states import Role
from ledger.errors import SearchTooWide
from ledger.models import Account, Entry, Transaction
from ledger.operations import reverse
from ledger.queries import searching
from ledger.queries.searching import Criteria, id_at, matching, patience
from tests.conftest import member
from tests.factories import ProgramFactory, UserFactory
from tests.ledger.books import Book
from tests.signed_in import BACKEND

AL, BO, CLEARING, REVENUE = "wallet:al", "wallet:bo", "rail:mpesa:clearing", "program:acme:revenue"
ROUTE, LIST = "/api/v2/enterprise/ledger/transactions", "/admin/ledger/transaction/"
MANY = 60_000

pytestmark = pytest.mark.django_db


@pytest.fixture
def busy(book: Book) -> Book:
    book.post("TOPUP", (CLEARING, AL, "100"), key="top", memo="Rent for October")
    someone = Context(find_actor=lambda: Actor("user", "someone-else"), correlation_id=new_correlation_id())
    with acting(someone):
        book.post("TRANSFER", (AL, BO, "2.5"), key="move", memo="lunch")
    book.post("BONUS", ("system:treasury", AL, "7", "GC"), key="gift")
    spent = book.post("SPEND", (BO, REVENUE, "1.0001"), key="spend")
    reverse(spent.id, program_id=book.program.pk, key="back", memo="wrong")
    return book


@pytest.fixture
def nora(busy: Book) -> User:
    return member(UserFactory(email="nora@example.com"), busy.program, Role.FINANCE_MAKER)


@pytest.fixture
def office(nora: User) -> Client:
    client = Client()
    client.force_login(nora, backend=BACKEND)
    return client


def keys(client: Client, **asked: Any) -> list[str]:
    answer = client.get(ROUTE, asked)
    assert answer.status_code == 200, answer.content
    return [row["key"] for row in answer.json()["results"]]


def shown(office: Client, text: str) -> list[str]:
    answer = office.get(LIST, {"q": text})
    assert answer.status_code == 200, answer
    return [row.key for row in answer.context["cl"].result_list]


def test_over_the_api(busy: Book, office: Client) -> None:
    move, spent = (Transaction.objects.get(key=key) for key in ("move", "spend"))
    at = move.booked_at

    assert keys(office, key="move") == ["move"]
    assert keys(office, kind="TOPUP") == ["top"]
    assert keys(office, memo="rent") == ["top"]
    assert keys(office, account_code=BO) == ["back", "spend", "move"]
    assert keys(office, account=busy.account(BO).pk) == ["back", "spend", "move"]
    assert keys(office, account_code=BO, amount="2.50") == ["move"]
    assert keys(office, amount="1.0001") == ["back", "spend"]
    assert keys(office, asset="GC") == ["gift"]
    assert keys(office, actor_type="user", actor_id="someone-else") == ["move"]
    assert keys(office, correlation_id=move.correlation_id) == ["move"]
    assert keys(office, reverses=str(spent.pk)) == ["back"]
    assert keys(office, corrects=str(spent.pk)) == []
    assert keys(office, after=at.isoformat()) == ["back", "spend", "gift"]
    assert keys(office, until=at.isoformat()) == ["move", "top"]
    assert keys(office, after=at.isoformat(), account_code=AL) == ["gift"]
    assert keys(office, account_code="wallet:nobody") == []
    for wrong in ({"amount": "1e999999999"}, {"amount": "NaN"}, {"reverses": "x"}, {"account": "x"}, {"until": "x"}):
        assert office.get(ROUTE, wrong).status_code == 400


def test_any_reference_in_one_box(busy: Book, office: Client) -> None:
    move, spent = (Transaction.objects.get(key=key) for key in ("move", "spend"))

    assert shown(office, "move") == ["move"]
    assert shown(office, str(move.pk)) == ["move"]
    assert shown(office, str(spent.pk)) == ["back", "spend"]
    assert shown(office, move.correlation_id) == ["move"]
    assert shown(office, "someone-else") == ["move"]
    assert shown(office, BO) == ["back", "spend", "move"]
    assert shown(office, "for october") == ["top"]
    assert shown(office, "nothing of this") == []
    assert shown(office, f"account:{BO} amount:2.50") == ["move"]
    assert shown(office, "account:wallet:al asset:gc") == ["gift"]
    assert shown(office, 'kind:topup memo:"rent for"') == ["top"]
    assert shown(office, f"reverses:{spent.pk}") == ["back"]
    today = timezone.localdate()
    assert len(shown(office, f"after:{today} until:{today}")) == 5
    assert shown(office, f"until:{today - timedelta(days=1)}") == []
    assert shown(office, 'move"') == []


@pytest.mark.parametrize(
    "text", ["amount:x", "amount:1e99", "after:tomorrow", "until:0001-01-01", "after:2026-02-30", "reverses:x", "key:"]
)
def test_what_says_nothing_is_refused(busy: Book, office: Client, text: str) -> None:
    answer = office.get(LIST, {"q": text})

    assert answer.status_code == 200
    assert "This can&#x27;t be looked for" in answer.content.decode()
    assert not answer.context["cl"].result_list
    assert office.get("/admin/autocomplete/", {
        "app_label": "ledger", "model_name": "transaction", "field_name": "reverses", "term": text
    }).status_code == 200  # fmt: skip


def test_others_find_nothing_of_it(busy: Book) -> None:
    elsewhere = member(UserFactory(), ProgramFactory(), Role.OWNER)
    client = Client()
    client.force_login(elsewhere, backend=BACKEND)

    for text in ("move", AL, "lunch", f"account:{AL}", str(Transaction.objects.get(key="move").pk)):
        assert shown(client, text) == []
    assert keys(client, account_code=AL) == keys(client, account=busy.account(AL).pk) == []


# Many


@pytest.fixture
def many(busy: Book) -> Book:
    """A year of transactions, one every few minutes; their ids say when."""
    debit, credit = busy.account(CLEARING).pk, busy.account("wallet:many").pk
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO ledger_transaction (id, program_id, key, fingerprint, entries_digest, kind, memo, actor_type,
                                            actor_id, correlation_id, booked_at, effective_at)
            SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7000800000' ||
                    lpad(to_hex(n), 10, '0'))::uuid, %s, 'many-' || n, '', '', 'TOPUP', 'memo ' || n, 'user',
                   ('=user-' || n)::bytea, ('=correlation-' || n)::bytea, at, at
            FROM (SELECT n, now() - interval '370 days' + n * interval '8 minutes' AS at
                  FROM generate_series(1, %s) n) made
            """,
            [busy.program.pk, MANY],
        )
        cursor.execute(
            """
            INSERT INTO ledger_entry (transaction_id, debit_account_id, credit_account_id, amount, booked_at)
            SELECT id, %s, %s, 1, booked_at FROM ledger_transaction WHERE key LIKE 'many-%%'
            """,
            [debit, credit],
        )
        cursor.execute("ANALYZE ledger_transaction, ledger_entry, ledger_account")
    return busy


def pages_read(rows: Any) -> int:
    """How many pages the server looks at for the first fifty."""
    with connection.cursor() as cursor:
        sql, params = rows.order_by("-pk").values("pk")[:51].query.sql_with_params()
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
        plan = cursor.fetchone()[0][0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def test_what_has_an_index_is_found_through_it(many: Book) -> None:
    rows, accounts = Transaction.objects.filter(program_id=many.program.pk), Account.objects.all()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_size('ledger_transaction') / 8192")
        whole = cursor.fetchone()[0]
    some = Transaction.objects.get(key="many-30000")
    window: dict[str, Any] = {
        "after": some.booked_at - timedelta(hours=1),
        "until": some.booked_at + timedelta(hours=1),
    }
    quick = [
        Criteria(key="many-30000"), Criteria(reverses=some.pk), Criteria(account_code=BO),
        Criteria(account_code=BO, amount=many.balance(BO)), Criteria(account_code="wallet:many", **window),
        Criteria(**window), Criteria(memo="memo 30000", **window), Criteria(actor_id="user-30000", **window),
        Criteria(correlation_id=Transaction.objects.get(key="move").correlation_id), Criteria(kind="TOPUP"),
        Criteria(asset="GC"),
    ]  # fmt: skip

    for asked in quick:
        assert pages_read(matching(rows, asked, accounts=accounts)) < whole / 4, asked
    assert [row.key for row in matching(rows, Criteria(memo="memo 30000", **window), accounts=accounts)] == [some.key]
    assert pages_read(matching(rows, Criteria(memo="nothing"), accounts=accounts)) > whole / 2


def test_what_would_take_too_long_is_ended_and_refused(
    many: Book, office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "_allow", _allow_next_to_nothing(searching._allow))

    refused = office.get(ROUTE, {"memo": "no such words"})
    listed = office.get(LIST, {"q": "memo:30000"}).content.decode()

    assert (refused.status_code, refused.json()["code"]) == (422, "search_too_wide")
    assert "was ended after 3 seconds" in listed
    assert 'value="memo:30000"' in listed, "what was typed is still there"
    assert "many-30000" not in listed, "what was ended is not begun again"
    with pytest.raises(SearchTooWide), patience(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)")
    with connection.cursor() as cursor:  # and whoever comes next has all the time there was
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone()[0] == "0"


def _allow_next_to_nothing(allow: Any) -> Any:
    return lambda time: allow("10ms" if time == "3s" else time)


def test_patience_ends_with_its_block(book: Book) -> None:
    with patience(), connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone()[0] == "3s"
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone()[0] == "0"


def test_ids_say_when_they_were_made(busy: Book) -> None:
    booked = Transaction.objects.get(key="move")

    assert id_at(booked.booked_at - timedelta(seconds=5)) < booked.pk < id_at(booked.booked_at + timedelta(seconds=5))
    assert id_at(timezone.now().replace(year=1970) - timedelta(days=400)) == UUID(int=0)


def test_a_page_asks_no_more_for_more_rows(many: Book, office: Client) -> None:
    with CaptureQueriesContext(
        connection,
    ) as few:
        keys(office, account_code=BO)
    with CaptureQueriesContext(connection) as full:
        assert len(keys(office, kind="TOPUP")) == 50
    assert len(full) <= len(few)
    assert Entry.objects.count() > MANY


def entries(client: Client, **asked: Any) -> list[int]:
    answer = client.get("/api/v2/enterprise/ledger/entries", asked)
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


def test_entries_are_found_by_time_and_asset(busy: Book, office: Client) -> None:
    every = list(Entry.objects.order_by("-id").values_list("pk", "booked_at", "debit_account__asset__code"))
    middle = every[2][1]

    assert entries(office) == [pk for pk, _, _ in every]
    assert entries(office, after=middle.isoformat()) == [pk for pk, at, _ in every if at > middle]
    assert entries(office, until=middle.isoformat()) == [pk for pk, at, _ in every if at <= middle]
    assert entries(office, asset="GC") == [pk for pk, _, asset in every if asset == "GC"]
    assert entries(office, asset="USDC") == entries(office, asset="none") == []


@pytest.mark.parametrize("route", ["entries", "transactions"])
@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_no_time_is_too_early_or_too_late(route: str, at: str, busy: Book, office: Client) -> None:
    found = [
        len(office.get(f"/api/v2/enterprise/ledger/{route}", {name: at}).json()["results"])
        for name in ("after", "until")
    ]

    assert sorted(found) == [0, 5]


def test_entries_too_far_apart_are_refused(busy: Book, office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "_allow", lambda _: _sleep_longer())

    answer = office.get("/api/v2/enterprise/ledger/entries")

    assert (answer.status_code, answer.json()["code"]) == (422, "search_too_wide")


def _sleep_longer() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '5ms'; SELECT pg_sleep(1)")


def test_a_small_programs_are_found_by_themselves(many: Book, assets: None) -> None:
    small = Book(ProgramFactory())
    booked = [small.post("TOPUP", (CLEARING, AL, "1")).id for _ in range(3)]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE ledger_transaction")
        cursor.execute("SELECT pg_relation_size('ledger_transaction') / 8192")
        whole = cursor.fetchone()[0]
    alone = member(UserFactory(), small.program, Role.AUDITOR)

    for rows in (Transaction.objects.of_program(small.program.pk), Transaction.objects.for_user(alone)):
        assert [row.pk for row in rows] == booked[::-1]
        assert pages_read(rows) < whole / 4
    assert pages_read(Transaction.objects.filter(program_id=small.program.pk)) > whole / 2


def test_whoever_reads_two_programs_finds_both(busy: Book, nora: User) -> None:
    other = Book(ProgramFactory())
    elsewhere = other.post("TOPUP", (CLEARING, AL, "1"))
    before = set(Transaction.objects.for_user(nora).values_list("pk", flat=True))
    member(nora, other.program, Role.AUDITOR)

    assert len(before) == 5
    assert set(Transaction.objects.for_user(nora).values_list("pk", flat=True)) == {*before, elsewhere.id}
