"""Balances, statements and trial balances say the same, now and as of any time."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from ledger.models import Entry, Transaction
from ledger.queries.balances import balance_booked_at, balance_effective_at, balance_now
from ledger.queries.statements import statement
from ledger.queries.trial_balance import sums, trial_balance
from tests.factories import ProgramFactory
from tests.ledger.books import Book

pytestmark = pytest.mark.django_db

AL, BO, CLEARING, REVENUE = "wallet:al", "wallet:bo", "rail:mpesa:clearing", "program:acme:revenue"
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def busy(book: Book) -> Book:
    """Al gets ten, and ten times gives one to Bo and one to the house."""
    book.post("TOPUP", (CLEARING, AL, "40"))
    for _ in range(10):
        book.post("TRANSFER", (AL, BO, "1"), (AL, BO, "0.5"))
        book.post("SPEND", (AL, REVENUE, "1"))
    return book


def sides(debit: int, credit: int) -> tuple[Decimal, Decimal]:
    return Decimal(debit), Decimal(credit)


def moments() -> list[datetime]:
    booked = sorted(set(Entry.objects.values_list("booked_at", flat=True)))
    return [BEGINNING, *booked, timezone.now()]


@pytest.mark.parametrize("code", [AL, BO, CLEARING, REVENUE])
def test_a_balance_as_of_a_time_is_the_sum_of_what_was_booked_by_then(code: str, busy: Book) -> None:
    account = busy.account(code)

    for at in moments():
        entries = Entry.objects.filter(booked_at__lte=at)
        debits = sum(entries.filter(debit_account=account).values_list("amount", flat=True))
        credits_ = sum(entries.filter(credit_account=account).values_list("amount", flat=True))
        expected = debits - credits_ if account.grows_by_debit else credits_ - debits
        assert balance_booked_at(account, at=at) == expected
    assert balance_booked_at(account, at=timezone.now()) == balance_now(account)


def test_what_counts_earlier_is_in_the_balance_of_its_day(busy: Book) -> None:
    last_week, yesterday = (timezone.now() - timedelta(days=days) for days in (7, 1))

    busy.post("TOPUP", (CLEARING, AL, "9"), effective_at=last_week)

    assert balance_effective_at(busy.account(AL), at=yesterday) == 9
    assert balance_booked_at(busy.account(AL), at=yesterday) == 0
    assert balance_effective_at(busy.account(AL), at=timezone.now()) == balance_now(busy.account(AL))
    lines = trial_balance(program_id=busy.program.pk, at=yesterday, effective=True)
    assert {line.code: line.debit or line.credit for line in lines} == {AL: 9, CLEARING: 9}


@pytest.mark.parametrize("code", [AL, BO, REVENUE])
def test_a_statement_goes_from_opening_to_closing(code: str, busy: Book) -> None:
    account = busy.account(code)
    middle = Transaction.objects.order_by("booked_at")[9].booked_at

    for after, until in ((BEGINNING, timezone.now()), (BEGINNING, middle), (middle, timezone.now())):
        told = statement(account, after=after, until=until)
        assert told.opening == balance_booked_at(account, at=after)
        left = told.opening
        for line in told.lines:
            change = (line.debit or Decimal(0)) - (line.credit or Decimal(0))
            left += change if account.grows_by_debit else -change
            assert line.balance == left
        assert told.closing == balance_booked_at(account, at=until)


def test_a_statement_in_pages_is_the_statement(busy: Book) -> None:
    account, now = busy.account(AL), timezone.now()
    whole = statement(account, after=BEGINNING, until=now)

    page = statement(account, after=BEGINNING, until=now, limit=7)
    lines = [*page.lines]
    while page.has_more:
        page = statement(account, after=BEGINNING, until=now, limit=7, behind=page.lines[-1])
        lines += page.lines

    assert lines == list(whole.lines)
    assert len(lines) == 31


def test_a_trial_balance_balances_at_any_time(busy: Book) -> None:
    busy.post("TOPUP", (CLEARING, AL, "3", "USDC"))

    for at in (*moments(), None):
        lines = trial_balance(program_id=busy.program.pk, at=at)
        assert all(one.is_balanced for one in sums(lines))
    now = {(line.code, line.asset): (line.debit, line.credit) for line in trial_balance(program_id=busy.program.pk)}
    assert now[CLEARING, "KES"] == sides(40, 0)
    assert now[AL, "KES"] == sides(0, 15)
    assert now[REVENUE, "KES"] == sides(0, 10)
    assert now == {
        (line.code, line.asset): (line.debit, line.credit)
        for line in trial_balance(program_id=busy.program.pk, at=timezone.now())
    }
    assert [line.asset for line in trial_balance(program_id=busy.program.pk, asset="USDC")] == ["USDC", "USDC"]


def test_what_is_below_zero_stands_on_the_other_side(book: Book) -> None:
    book.post("RAIL_FEE", ("rail:mpesa:fees", "rail:mpesa:float", "2"))

    lines = {line.code: (line.debit, line.credit) for line in trial_balance(program_id=book.program.pk)}

    assert lines == {"rail:mpesa:fees": sides(2, 0), "rail:mpesa:float": sides(0, 2)}


def test_another_program_s_books_are_another_program_s(busy: Book) -> None:
    assert trial_balance(program_id=ProgramFactory().pk) == []
