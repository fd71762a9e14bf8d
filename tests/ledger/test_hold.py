"""What is held is there for one purpose: taken in parts, let go, or let go by itself; never twice and never more."""

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connections, transaction
from django.utils import timezone

from audit.context import acting_as
from audit.errors import DomainError, WrongState
from audit.operations import reconcile
from ledger import errors
from ledger.models import Hold, Transaction
from ledger.operations import capture, expire_holds, hold, note_captured, release
from ledger.states import HoldState
from tests.factories import ProgramFactory
from tests.ledger.books import Book

pytestmark = pytest.mark.django_db

AL, BO, HELD, CLEARING, REVENUE = (
    "wallet:al", "wallet:bo", "wallet:al:reserved", "rail:mpesa:clearing", "program:acme:revenue",
)  # fmt: skip
NOW = timezone.now()


@pytest.fixture
def funded(book: Book) -> Book:
    book.post("TOPUP", (CLEARING, AL, "100"))
    return book


def held(book: Book, amount: str = "80", *, key: str = "h1", **more: Any) -> Hold:
    return hold(book.account(AL).pk, program_id=book.program.pk, amount=Decimal(amount), key=key, at=NOW, **more)


def take(book: Book, one: Hold, amount: str, *, to: str = REVENUE, key: str = "c1") -> Hold:
    return capture(one.pk, program_id=book.program.pk, amount=Decimal(amount), to=book.account(to).pk, key=key, at=NOW)


def test_what_is_held_can_t_be_spent(funded: Book) -> None:
    held(funded)

    with pytest.raises(errors.BelowFloor):
        funded.post("SPEND", (AL, REVENUE, "21"))
    assert [funded.balance(AL), funded.balance(HELD)] == [20, 80]
    with pytest.raises(errors.BelowFloor), transaction.atomic():
        held(funded, "21", key="h2")
    assert Hold.objects.count() == 1


def test_parts_are_captured_and_the_rest_is_released(funded: Book) -> None:
    one = held(funded)

    take(funded, one, "30", to=BO)
    take(funded, one, "20", key="c2")
    with pytest.raises(errors.HoldTooSmall), transaction.atomic():
        take(funded, one, "30.0001", key="c3")
    done = release(one.pk, program_id=funded.program.pk, at=NOW)

    assert done.state == HoldState.RELEASED
    assert [done.captured, done.released] == [50, 30]
    assert [funded.balance(code) for code in (AL, HELD, BO, REVENUE)] == [50, 0, 30, 20]
    with pytest.raises(DomainError), transaction.atomic():
        take(funded, one, "1", key="c4")
    assert release(one.pk, program_id=funded.program.pk, at=NOW).released == 30


def test_what_is_captured_whole_is_done(funded: Book) -> None:
    one = held(funded)

    assert take(funded, one, "80").state == HoldState.CAPTURED
    with pytest.raises(WrongState):
        release(one.pk, program_id=funded.program.pk, at=NOW)


def test_what_another_posting_took_is_counted_as_captured(funded: Book) -> None:
    one = held(funded)
    funded.post("FEE", (HELD, "program:acme:fees", "30"))

    def note(amount: str, *, of: Any = one.pk) -> Hold:
        return note_captured(of, program_id=funded.program.pk, amount=Decimal(amount), at=NOW)

    assert (note("30").state, note("0.5").left) == (HoldState.OPEN, Decimal("49.5"))
    with pytest.raises(errors.HoldTooSmall), transaction.atomic():
        note("49.6")
    with pytest.raises(errors.UnknownHold), transaction.atomic():
        note("1", of=ProgramFactory().pk)
    assert note("49.5").state == HoldState.CAPTURED
    with pytest.raises(errors.HoldTooSmall), transaction.atomic():
        note("1")
    one.refresh_from_db()
    assert one.captured == 80


def test_another_hold_s_money_is_not_captured(funded: Book) -> None:
    small = held(funded, "10")
    held(funded, "50", key="h2")

    with pytest.raises(errors.HoldTooSmall), transaction.atomic():
        take(funded, small, "11")
    assert funded.balance(HELD) == 60
    assert not Transaction.objects.filter(key="capture:c1").exists()


def test_asked_twice_it_happens_once(funded: Book) -> None:
    one = held(funded)
    again = held(funded)
    take(funded, one, "80")
    take(funded, one, "80")

    assert again.pk == one.pk
    assert [funded.balance(code) for code in (AL, HELD, REVENUE)] == [20, 0, 80]
    with pytest.raises(errors.IdempotencyConflict), transaction.atomic():
        held(funded, "81")
    with pytest.raises(errors.IdempotencyConflict), transaction.atomic():
        held(funded, expires_at=NOW)
    with pytest.raises(errors.IdempotencyConflict), transaction.atomic():
        take(funded, one, "79")


def test_a_hold_lets_go_by_itself(funded: Book) -> None:
    one = held(funded, expires_at=NOW + timedelta(minutes=5))
    kept = held(funded, "5", key="h2")

    assert expire_holds(at=NOW + timedelta(minutes=4)) == 0
    assert expire_holds(at=NOW + timedelta(minutes=5)) == 1
    assert expire_holds(at=NOW + timedelta(minutes=6)) == 0

    one.refresh_from_db()
    kept.refresh_from_db()
    assert (one.state, kept.state) == (HoldState.EXPIRED, HoldState.OPEN)
    assert funded.balance(AL) == 95


def test_what_is_no_wallet_or_another_s_holds_nothing(funded: Book) -> None:
    with pytest.raises(errors.NotAWallet):
        hold(funded.account(REVENUE).pk, program_id=funded.program.pk, amount=Decimal(1), key="x", at=NOW)
    with pytest.raises(errors.UnknownAccount):
        hold(funded.account(AL).pk, program_id=ProgramFactory().pk, amount=Decimal(1), key="x", at=NOW)
    one = held(funded)
    elsewhere = ProgramFactory().pk
    with pytest.raises(errors.UnknownHold):
        release(one.pk, program_id=elsewhere, at=NOW)
    with pytest.raises(errors.UnknownHold):
        capture(one.pk, program_id=elsewhere, amount=Decimal(1), to=funded.account(BO).pk, key="x", at=NOW)


def test_the_database_holds_it_too(funded: Book) -> None:
    one = held(funded)

    for change in ({"captured": Decimal(81)}, {"state": "RELEASED"}, {"released": Decimal(-1)}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Hold.objects.filter(pk=one.pk).update(**change)


@pytest.mark.django_db(transaction=True)
def test_a_reserve_without_a_hold_is_found(funded: Book) -> None:
    held(funded)
    funded.post("HOLD", (AL, HELD, "1"))  # past the operation

    run = reconcile(program_id=funded.program.pk, names=["ledger.holds"], at=NOW)

    assert run.results.get(name="ledger.holds").found == 1


@pytest.mark.django_db(transaction=True)
def test_captures_and_a_release_at_once_give_out_what_was_held(funded: Book) -> None:
    one = held(funded)
    funded.account(REVENUE)
    start = threading.Barrier(9)
    outcomes: list[str] = []

    def act(number: int) -> None:
        try:
            start.wait(timeout=30)
            with acting_as("test", "race"):
                if number:
                    take(funded, one, "15", key=f"c{number}")
                else:
                    release(one.pk, program_id=funded.program.pk, at=NOW)
            outcomes.append("done")
        except DomainError as refusal:
            outcomes.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=act, args=(number,)) for number in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    one.refresh_from_db()
    assert len(outcomes) == 9
    assert one.captured + one.released == 80
    assert funded.balance(HELD) == 0
    assert funded.balance(AL) + funded.balance(REVENUE) == 100
