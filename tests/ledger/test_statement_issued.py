"""A statement that was issued says for ever what it said: once for each period, and nothing books behind its back."""

import csv
import hashlib
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from audit.context import acting_as
from audit.models import Entry as JournalEntry
from identity.models import Program, User
from identity.states import Role
from ledger.errors import PeriodNotOver, StatementTooLong, UnknownAccount
from ledger.models import IssuedStatement, Transaction
from ledger.operations import issue_statement as door
from ledger.paper.sheet import legible, width_of, wrapped
from ledger.queries.statement_files import period_in_words
from tests.conftest import member
from tests.factories import ProgramFactory, UserFactory
from tests.ledger.books import Book

AL, BO, CLEARING, REVENUE = "wallet:al", "wallet:bo", "rail:mpesa:clearing", "program:acme:revenue"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ANY_SCRIPT = (
    "مرحبا 你好 한국어 こんにちは 🎉👨‍👩‍👧 שלום हिन्दी ไทย Ω Ж \u202e reversed \t\r\n {nb} **bold** \ue000 \U000e0001"
)


def issue(book: Book, code: str = AL, *, after: datetime = LONG_AGO, until: datetime | None = None) -> IssuedStatement:
    account = book.account(code)
    end = until or Transaction.objects.latest("booked_at").booked_at
    return door(account.pk, program_id=book.program.pk, after=after, until=end, at=timezone.now())


@pytest.fixture
def busy(book: Book) -> Book:
    book.post("TOPUP", (CLEARING, AL, "100"), memo="=cmd()")
    book.post("TRANSFER", (AL, BO, "2.5"), memo=ANY_SCRIPT)
    book.post("SPEND", (AL, REVENUE, "1.0001"), memo="long " * 90 + "x" * 40)
    return book


@pytest.mark.django_db
def test_it_says_what_was_booked_and_keeps_its_bytes(busy: Book) -> None:
    issued = issue(busy)

    stored = IssuedStatement.objects.get(pk=issued.pk)
    assert (stored.opening, stored.closing, stored.lines, stored.number) == (Decimal(0), Decimal("96.4999"), 3, 1)
    assert stored.until < stored.horizon_at <= timezone.now()
    pdf, lines = bytes(stored.pdf), bytes(stored.csv)
    assert pdf.startswith(b"%PDF-")
    assert (stored.pdf_sha256, stored.csv_sha256) == tuple(hashlib.sha256(one).hexdigest() for one in (pdf, lines))
    rows = list(csv.reader(StringIO(lines.decode(), newline="")))
    assert [row[2] for row in rows] == ["kind", "OPENING", "TOPUP", "TRANSFER", "SPEND", "CLOSING"]
    assert rows[2][4] == "'=cmd()"
    assert rows[-1][-1] == "96.4999"
    noted = JournalEntry.objects.get(action="ledger.statement.issued")
    assert noted.payload["csv_sha256"] == stored.csv_sha256


@pytest.mark.django_db
def test_a_period_has_one_statement(busy: Book) -> None:
    end = Transaction.objects.latest("booked_at").booked_at
    first = issue(busy, until=end)
    busy.post("TOPUP", (CLEARING, AL, "7"))

    again = issue(busy, until=end)

    assert again.pk == first.pk
    assert IssuedStatement.objects.count() == 1
    # And made anew it would have said the same.
    later = issue(busy, until=end + timedelta(microseconds=1))
    assert later.csv_sha256 == first.csv_sha256
    assert (later.number, later.closing) == (2, first.closing)


@pytest.mark.django_db
def test_what_is_not_over_or_no_period_or_elsewhere_is_refused(busy: Book) -> None:
    now = timezone.now()
    for after, until in ((LONG_AGO, now + timedelta(seconds=5)), (now, now), (now, LONG_AGO)):
        with pytest.raises(PeriodNotOver):
            issue(busy, after=after, until=until)
    with pytest.raises(UnknownAccount):
        door(busy.account(AL).pk, program_id=ProgramFactory().pk, after=LONG_AGO, until=now, at=now)
    assert not IssuedStatement.objects.exists()


@pytest.mark.django_db
def test_it_is_as_long_as_paper(busy: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    module = __import__("ledger.operations.issue_statement", fromlist=["x"])
    monkeypatch.setattr(module, "LINES_AT_MOST", 2)

    with pytest.raises(StatementTooLong):
        issue(busy)

    assert issue(busy, BO).lines == 1


@pytest.mark.django_db
def test_striped_accounts_and_empty_periods_and_eighteen_decimals(busy: Book) -> None:
    busy.post("TOPUP", ("rail:eth:clearing", AL, "12345678901234567890.123456789012345678", "ETH"))

    striped, empty = issue(busy, CLEARING), issue(busy, REVENUE, until=LONG_AGO + timedelta(days=31))
    ether = door(
        busy.account(AL, "ETH").pk, program_id=busy.program.pk, after=LONG_AGO, until=timezone.now(), at=timezone.now()
    )

    assert (striped.closing, striped.lines) == (Decimal(100), 1)
    assert (empty.closing, empty.lines) == (Decimal(0), 0)
    assert ether.closing == Decimal("12345678901234567890.123456789012345678")
    for issued in (striped, empty, ether):
        assert bytes(issued.pdf).startswith(b"%PDF-")


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["UPDATE {} SET number = 9", "DELETE FROM {}", "TRUNCATE {}"])
def test_it_stays_as_it_was_issued(busy: Book, statement: str) -> None:
    issue(busy)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format("ledger_issuedstatement"))


@pytest.mark.django_db(transaction=True)
def test_whoever_is_booking_is_waited_for(busy: Book) -> None:
    """Somebody holds the account's lock, and the time at which it was booked is before the period's end."""
    held, may_end = threading.Event(), threading.Event()

    def books() -> None:
        with acting_as("test", "slow"), transaction.atomic():
            busy.post("TOPUP", (CLEARING, AL, "5"), key="slow")
            held.set()
            may_end.wait(20)
        connections.close_all()

    poster = threading.Thread(target=books)
    poster.start()
    assert held.wait(20)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        until = cursor.fetchone()[0]
    threading.Timer(0.5, may_end.set).start()
    issued = issue(busy, until=until)
    poster.join()

    assert (issued.lines, issued.closing) == (4, Decimal("101.4999"))


@pytest.mark.django_db(transaction=True)
def test_issuing_keeps_nobody_from_booking(busy: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    module = __import__("ledger.operations.issue_statement", fromlist=["x"])
    printed, booked = module.printed, []

    def books() -> None:
        with acting_as("test", "other"):
            busy.post("TOPUP", (CLEARING, AL, "5"), key="meanwhile")
        booked.append(True)
        connections.close_all()

    def prints(paper: Any) -> bytes:
        other = threading.Thread(target=books)
        other.start()
        other.join(10)
        return printed(paper)  # type: ignore[no-any-return]

    monkeypatch.setattr(module, "printed", prints)

    assert issue(busy).lines == 3
    assert booked == [True]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_issue_one(busy: Book) -> None:
    end = Transaction.objects.latest("booked_at").booked_at
    found: list[Any] = []

    def issues(until: datetime) -> None:
        with acting_as("test", "twin"):
            found.append(issue(busy, until=until).pk)
        connections.close_all()

    twins = [threading.Thread(target=issues, args=[end - timedelta(microseconds=i % 2)]) for i in range(4)]
    for twin in twins:
        twin.start()
    for twin in twins:
        twin.join()

    assert len(set(found)) == 2
    assert sorted(IssuedStatement.objects.values_list("number", flat=True)) == [1, 2]


def test_days_of_the_programs_calendar() -> None:
    program = Program(name="x", slug="x", time_zone="Africa/Nairobi")
    midnight = datetime(2026, 9, 30, 21, tzinfo=UTC) - timedelta(microseconds=1)

    assert period_in_words(program, after=midnight, until=midnight + timedelta(days=31)) == "1 Oct 2026 to 31 Oct 2026"
    assert period_in_words(program, after=midnight, until=midnight + timedelta(days=1)) == "1 Oct 2026"
    assert "up to" in period_in_words(program, after=midnight, until=midnight + timedelta(hours=1))


def test_what_is_printed_can_be_read() -> None:
    shown = legible(ANY_SCRIPT)

    assert "\u202e" not in shown
    assert shown.startswith("مرحبا 你好 □□□ こんにちは 🎉")
    assert "reversed {nb} **bold**" in shown
    for line in wrapped("x" * 200 + " word " * 30, 40, 8):
        assert width_of(line, 8) <= 40
    assert "".join(wrapped("x" * 200, 40, 8)) == "x" * 200


# Doors


@pytest.fixture
def nora(busy: Book) -> User:
    return member(UserFactory(email="nora@example.com"), busy.program, Role.FINANCE_MAKER)


@pytest.mark.django_db
def test_over_the_api(busy: Book, nora: User, api_as: Any) -> None:
    client: APIClient = api_as(nora)
    address = f"/api/v2/enterprise/ledger/accounts/{busy.account(AL).pk}/statements"
    body = {"after": LONG_AGO.isoformat(), "until": timezone.now().isoformat()}

    keyless = client.post(address, body, format="json")
    issued = client.post(address, body, format="json", headers={"Idempotency-Key": "first"})
    replay = client.post(address, body, format="json", headers={"Idempotency-Key": "first"})
    again = client.post(address, body, format="json", headers={"Idempotency-Key": "second"})
    early = client.post(
        address, {**body, "until": "2999-01-01T00:00:00Z"}, format="json", headers={"Idempotency-Key": "third"}
    )

    assert [one.status_code for one in (keyless, issued, replay, again, early)] == [400, 201, 201, 200, 409]
    assert (replay.headers["Idempotent-Replayed"], early.json()["code"]) == ("true", "period_not_over")
    assert issued.json()["number"] == "S-000001"
    assert issued.json()["closing"] == "96.4999"
    listed = client.get(address).json()["results"]
    assert [one["id"] for one in listed] == [issued.json()["id"]] == [again.json()["id"]]
    stored = IssuedStatement.objects.get()
    files = f"/api/v2/enterprise/ledger/statements/{stored.pk}"
    assert client.get(files).json()["pdf_sha256"] == stored.pdf_sha256
    for form, kind in (("pdf", "application/pdf"), ("csv", "text/csv")):
        answer = client.get(f"{files}/{form}", headers={"Accept": kind})
        assert answer.content == bytes(getattr(stored, form))
        assert answer.headers["Content-Disposition"] == f'attachment; filename="statement-S-000001.{form}"'
    assert client.get("/api/v2/enterprise/ledger/accounts/99999999999999999999/statements").status_code == 404


@pytest.mark.django_db
def test_in_the_back_office(busy: Book, nora: User, client: Any) -> None:
    client.force_login(nora, backend="allauth.account.auth_backends.AuthenticationBackend")
    page, press = (f"/admin/ledger/account/{busy.account(AL).pk}/{part}/" for part in ("change", "issue"))
    yesterday = (timezone.now() - timedelta(days=1)).date().isoformat()

    refused = client.post(press, {"since": yesterday, "until": "2999-01-01"}, follow=True)
    unfit = client.post(press, {"since": yesterday}, follow=True)
    issued = client.post(press, {"since": yesterday, "until": yesterday}, follow=True)
    again = client.post(press, {"since": yesterday, "until": yesterday}, follow=True)

    assert "Nothing was issued" in refused.content.decode()
    assert "Name the first and the last day" in unfit.content.decode()
    assert "Statement S-000001 is issued." in issued.content.decode()
    assert "was issued before" in again.content.decode()
    stored = IssuedStatement.objects.get()
    assert "S-000001" in client.get(page).content.decode()
    file = client.get(f"/admin/ledger/issuedstatement/{stored.pk}/statement.pdf")
    assert file.content == bytes(stored.pdf)
    assert client.get(f"/admin/ledger/issuedstatement/{stored.pk}/statement.exe").status_code == 404
