"""Closed books stay as they were: what would count there is refused, and what a rail reports counts today."""

import threading
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone

from audit.context import acting_as
from identity.models import Program, User
from identity.operations import propose, vote
from identity.states import Decision, ProposalState, Role
from ledger import errors
from ledger.models import Period, PeriodBalance, Transaction
from ledger.operations import close_period, post, reopen_period
from ledger.proposable import MANUAL_JOURNAL, REOPEN_PERIOD
from ledger.queries.trial_balance import trial_balance
from ledger.states import PeriodState
from tests.factories import MembershipFactory, ProgramFactory, UserFactory
from tests.ledger.books import Book
from tests.ledger.test_verify import verify

pytestmark = pytest.mark.django_db(transaction=True)

AL, BO, CLEARING, REVENUE = "wallet:al", "wallet:bo", "rail:mpesa:clearing", "program:acme:revenue"
NOW = timezone.now()
JUNE_ENDS = NOW - timedelta(days=10)
IN_JUNE, IN_JULY = JUNE_ENDS - timedelta(seconds=1), JUNE_ENDS


@pytest.fixture
def june(book: Book) -> Book:
    """Something in June and something in July."""
    book.post("TOPUP", (CLEARING, AL, "100"), effective_at=IN_JUNE)
    book.post("SPEND", (AL, REVENUE, "30"), effective_at=IN_JUNE)
    book.post("SPEND", (AL, REVENUE, "5"), effective_at=IN_JULY)
    return book


def close(book: Book, ends_at: datetime = JUNE_ENDS) -> Period:
    return close_period(program_id=book.program.pk, ends_at=ends_at, at=timezone.now())


def person(program: Program, name: str, role: Role) -> User:
    user = UserFactory(email=f"{name}@example.com")
    MembershipFactory(user=user, program=program, role=role, created_at=NOW - timedelta(days=30))
    return user


def agree(book: Book, kind: str, payload: dict[str, Any]) -> str:
    maker = person(book.program, "mia", Role.FINANCE_MAKER)
    approver = person(book.program, "olga", Role.OWNER)
    asked = propose(kind, program=book.program, payload=payload, reason="so", by=maker, at=timezone.now())
    return vote(
        asked.pk, revision=1, digest=asked.digest, decision=Decision.APPROVE, comment="", by=approver, at=timezone.now()
    ).state


def test_nothing_more_counts_in_a_closed_period(june: Book) -> None:
    close(june)

    for effective_at in (IN_JUNE, NOW - timedelta(days=400)):
        with pytest.raises(errors.PeriodClosed):
            june.post("SPEND", (AL, REVENUE, "1"), effective_at=effective_at)
        with pytest.raises(errors.PeriodClosed):
            june.post("MANUAL_JOURNAL", (AL, BO, "1"), effective_at=effective_at)
    assert Transaction.objects.count() == 3
    june.post("SPEND", (AL, REVENUE, "1"), effective_at=IN_JULY)
    june.post("SPEND", (AL, REVENUE, "1"))


def test_a_fact_counts_today_and_says_since_when(june: Book) -> None:
    close(june)
    asked = june.asked("TOPUP", (CLEARING, AL, "7"), key="late", effective_at=IN_JUNE, metadata={"receipt": "X"})

    booked = Transaction.objects.get(pk=post(asked).id)

    assert post(asked).is_replay
    assert booked.effective_at is None
    assert booked.counts_at == booked.booked_at
    assert booked.metadata == {"receipt": "X", "value_at": IN_JUNE.isoformat()}
    assert verify()[0] == 0


def test_what_every_account_held_is_kept(june: Book) -> None:
    before = trial_balance(program_id=june.program.pk, at=IN_JUNE, effective=True)

    period = close(june)

    assert period.state == PeriodState.CLOSED
    kept = {balance.account.code: balance.amount for balance in PeriodBalance.objects.select_related("account")}
    assert kept == {CLEARING: Decimal(100), AL: Decimal(70), REVENUE: Decimal(30)}
    june.post("TOPUP", (CLEARING, AL, "7"), effective_at=IN_JUNE)
    assert trial_balance(program_id=june.program.pk, at=IN_JUNE, effective=True) == before


def test_periods_go_on_and_not_ahead(june: Book) -> None:
    close(june)

    for ends_at in (JUNE_ENDS, JUNE_ENDS - timedelta(days=30), timezone.now() + timedelta(hours=1)):
        with pytest.raises(errors.BadPeriod):
            close(june, ends_at)
    later = close(june, JUNE_ENDS + timedelta(days=3))
    assert later.state == PeriodState.CLOSED
    other = Book(ProgramFactory())
    other.post("TOPUP", (CLEARING, AL, "1"), effective_at=IN_JUNE)  # another program's books are open


def test_closing_waits_for_who_was_under_way(june: Book) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with acting_as("test", "slow"), transaction.atomic():
                post(june.asked("SPEND", (AL, REVENUE, "2"), key="slow", effective_at=IN_JUNE))
                begun.set()
                go_on.wait(timeout=30)
        finally:
            connections.close_all()

    closed: list[Period] = []

    def closing() -> None:
        try:
            with acting_as("test", "closer"):
                closed.append(close(june))
        finally:
            connections.close_all()

    posting = threading.Thread(target=slow)
    posting.start()
    assert begun.wait(timeout=30)
    closer = threading.Thread(target=closing)
    closer.start()
    while not Period.objects.exists():
        pass
    with pytest.raises(errors.PeriodClosed):
        june.post("SPEND", (BO, REVENUE, "1"), effective_at=IN_JUNE)
    assert Period.objects.get().state == PeriodState.CLOSING
    go_on.set()
    posting.join(timeout=60)
    closer.join(timeout=60)

    assert closed[0].state == PeriodState.CLOSED
    assert PeriodBalance.objects.get(account=june.account(AL)).amount == 68  # with what was under way


def test_killed_in_between_it_goes_on(june: Book) -> None:
    Period.objects.create(program=june.program, ends_at=JUNE_ENDS, closed_at=NOW)

    assert close(june).state == PeriodState.CLOSED


def test_two_people_open_it_again(june: Book) -> None:
    first = close(june)
    period = close(june, JUNE_ENDS + timedelta(days=3))
    with pytest.raises(errors.BadPeriod):
        reopen_period(first.pk, program_id=june.program.pk, at=NOW)

    assert agree(june, REOPEN_PERIOD, {"period": str(period.pk)}) == ProposalState.EXECUTED

    june.post("SPEND", (AL, REVENUE, "1"), effective_at=IN_JULY)
    with pytest.raises(errors.PeriodClosed):
        june.post("SPEND", (AL, REVENUE, "1"), effective_at=IN_JUNE)
    assert close(june, JUNE_ENDS + timedelta(days=3)).state == PeriodState.CLOSED


def test_two_people_book_by_hand(june: Book) -> None:
    june.account(BO)
    line = {"debit": AL, "credit": BO, "asset": "KES", "amount": "12.5"}

    state = agree(june, MANUAL_JOURNAL, {"lines": [line], "memo": "Paid for Bo"})

    assert state == ProposalState.EXECUTED
    assert june.balance(BO) == Decimal("12.5")
    assert Transaction.objects.get(kind="MANUAL_JOURNAL").memo == "Paid for Bo"


@pytest.mark.parametrize(
    "change",
    [
        {"lines": []},
        {"lines": "x"},
        {"lines": [{"debit": AL}]},
        {"lines": [5]},
        {"memo": ""},
        {"memo": 5},
        {"effective_at": "yesterday"},
        {"effective_at": "2026-01-01T00:00:00"},
        {"line": {"amount": "0"}},
        {"line": {"amount": "NaN"}},
        {"line": {"amount": 1.5}},
        {"line": {"amount": "1e400"}},
        {"line": {"credit": "wallet:nobody"}},
        {"line": {"credit": "a\0b"}},
        {"line": {"credit": AL}},
        {"line": {"asset": "USD"}},
    ],
)
def test_what_makes_no_sense_is_not_proposed(change: dict[str, Any], june: Book) -> None:
    june.account(BO)
    maker = person(june.program, "mia", Role.FINANCE_MAKER)
    person(june.program, "olga", Role.OWNER)
    line = {"debit": AL, "credit": BO, "asset": "KES", "amount": "1", **change.pop("line", {})}

    with pytest.raises(errors.PostingRefused):
        propose(
            MANUAL_JOURNAL, program=june.program, payload={"lines": [line], "memo": "why", **change}, reason="so",
            by=maker, at=NOW,
        )  # fmt: skip
