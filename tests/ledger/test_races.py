"""Many at once, with real commits: money is spent once, a key books once, and nobody waits for each other in a ring."""

import random
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from audit.context import acting_as
from ledger.errors import AccountFrozen, AlreadyReversed, BelowFloor, PostingRefused
from ledger.models import Account, Transaction
from ledger.operations import change_account_status, open_account, post, post_many, reverse
from ledger.states import AccountStatus
from tests.ledger.books import Book
from tests.ledger.test_verify import verify

pytestmark = pytest.mark.django_db(transaction=True)

AL, CLEARING, REVENUE = "wallet:al", "rail:mpesa:clearing", "program:acme:revenue"


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Return what came of each: its result, or the type of its refusal."""
    outcomes: list[Any] = []
    start = threading.Barrier(len(acts))

    def one(act: Callable[[], Any]) -> None:
        try:
            start.wait(timeout=30)
            with acting_as("test", "race"):
                outcomes.append(act())
        except PostingRefused as refusal:
            outcomes.append(type(refusal))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert len(outcomes) == len(acts), "somebody did not come back"
    return outcomes


def test_what_is_there_is_spent_once(book: Book) -> None:
    book.post("TOPUP", (CLEARING, AL, "5"))
    asked = [book.asked("SPEND", (AL, REVENUE, "1")) for _ in range(12)]

    outcomes = at_once(*(lambda one=one: post(one) for one in asked))

    assert outcomes.count(BelowFloor) == 7
    assert book.balance(AL) == 0
    assert verify("--full")[0] == 0


def test_one_key_books_once(book: Book) -> None:
    # Striped on both sides: the posters take different locks and meet at the key alone.
    asked = book.asked("SETTLEMENT", ("system:settlements", REVENUE, "10"), key="once")

    outcomes = at_once(*(lambda: post(asked) for _ in range(16)))

    assert len({outcome.id for outcome in outcomes}) == 1
    assert sorted(outcome.is_replay for outcome in outcomes) == [False] + [True] * 15
    assert book.balance(REVENUE) == 10


def test_one_transaction_is_reversed_once(book: Book) -> None:
    booked = book.post("SETTLEMENT", ("system:settlements", REVENUE, "10"))

    outcomes = at_once(
        *(
            lambda number=number: reverse(booked.id, program_id=book.program.pk, key=f"back-{number}", memo="x")
            for number in range(8)
        )
    )

    assert outcomes.count(AlreadyReversed) == 7
    assert book.balance(REVENUE) == 0


def test_one_account_is_opened_once(book: Book) -> None:
    outcomes = at_once(
        *(
            lambda: open_account("wallet:new", program=book.program, asset_code="KES", at=timezone.now())
            for _ in range(12)
        )
    )

    assert len({account.pk for account in outcomes}) == 1
    assert Account.objects.get(code="wallet:new").balances.count() == 1
    assert Account.objects.get(code="wallet:new:owed").balances.count() == 1


def test_crossing_transfers_never_deadlock(book: Book) -> None:
    names = [f"wallet:w{number}" for number in range(6)]
    for name in names:
        book.post("TOPUP", (CLEARING, name, "1000"))
    chance = random.Random(20261120)

    def crossing(seed: int) -> Callable[[], int]:
        chance = random.Random(seed)
        batches = []
        for _ in range(25):
            pairs = [chance.sample(names, 2) for _ in range(50)]
            batches.append([book.asked("TRANSFER", (one, other, "0.01")) for one, other in pairs])
        return lambda: sum(len(post_many(batch)) for batch in batches)

    outcomes = at_once(*(crossing(chance.randrange(10**9)) for _ in range(8)))

    assert outcomes == [1250] * 8
    assert sum(book.balance(name) for name in names) == 6000
    assert verify("--full")[0] == 0


def test_freezing_comes_before_or_after_and_never_in_between(book: Book) -> None:
    book.post("TOPUP", (CLEARING, AL, "100"))
    asked = [book.asked("SPEND", (AL, REVENUE, "1")) for _ in range(10)]

    def freeze() -> Any:
        return change_account_status(
            book.account(AL).pk, program_id=book.program.pk, to=AccountStatus.FROZEN, reason="x", at=timezone.now()
        )

    outcomes = at_once(freeze, *(lambda one=one: post(one) for one in asked))

    booked = 10 - outcomes.count(AccountFrozen)
    assert book.balance(AL) == 100 - booked
    frozen_at = Account.objects.get(code=AL)
    assert frozen_at.status == AccountStatus.FROZEN


def test_a_charge_back_and_a_credit_at_once_leave_no_debt_beside_money(book: Book) -> None:
    float_ = "rail:mpesa:float"
    book.post("TOPUP", (CLEARING, AL, "50"))
    book.account(float_)
    given = [book.asked("TOPUP", (CLEARING, AL, "5")) for _ in range(8)]
    taken = [book.asked("CHARGEBACK", (AL, float_, "10")) for _ in range(8)]

    at_once(*(lambda one=one: post(one) for one in [*given, *taken]))

    assert book.balance(AL) - book.balance(f"{AL}:owed") == Decimal(10)
    assert book.balance(AL) == 0 or book.balance(f"{AL}:owed") == 0
    assert verify("--full")[0] == 0
    assert Transaction.objects.count() == 17
