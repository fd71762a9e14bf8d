"""What striped accounts held is kept at moments behind which nothing is booked any more."""

import itertools
import threading
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.db import connections, transaction

from audit.context import acting_as
from ledger import rows
from ledger.errors import PostersStillRun
from ledger.models import Milestone
from ledger.operations import keep_milestones as keep
from ledger.operations import post, post_many
from ledger.queries.balances import balance_booked_at
from tests.audit.sealing import tamper, wait_until_sealable
from tests.ledger.books import Book
from tests.ledger.test_verify import verify

pytestmark = pytest.mark.django_db(transaction=True)

SETTLEMENTS, REVENUE = "system:settlements", "program:acme:revenue"
module = import_module("ledger.operations.keep_milestones")


@pytest.fixture(autouse=True)
def _close_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ENTRIES_APART", 3)
    monkeypatch.setattr(module, "ENTRIES_AT_ONCE", 7)


def settle(book: Book, count: int, *, at_once: int = 1) -> None:
    for _ in range(count):
        post_many([book.asked("SETTLEMENT", (SETTLEMENTS, REVENUE, "1.5")) for _ in range(at_once)])


def kept(book: Book) -> list[tuple[int, Decimal]]:
    return list(Milestone.objects.filter(account=book.account(REVENUE)).values_list("entries", "amount"))


def test_one_for_every_so_many_entries(book: Book) -> None:
    settle(book, 20)

    assert keep() == 12  # six on either account
    assert kept(book) == [(count, Decimal("1.5") * count) for count in (3, 6, 9, 12, 15, 18)]

    assert keep() == 0
    settle(book, 1)
    assert keep() == 2
    assert verify("--full")[0] == 0


def test_a_moment_is_never_cut(book: Book) -> None:
    settle(book, 4, at_once=10)

    keep()

    assert [entries for entries, _ in kept(book)] == [10, 20, 30, 40]
    for milestone in Milestone.objects.all():
        assert balance_booked_at(milestone.account, at=milestone.at) == milestone.amount


def test_who_is_booking_is_waited_for(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(book, 5)
    # Chance could lead the others to the stripe that the slow one holds, and they would wait for it.
    turns = itertools.cycle(range(6))
    monkeypatch.setattr(rows, "chance", lambda: next(turns))
    asked = book.asked("SETTLEMENT", (SETTLEMENTS, REVENUE, "100"))
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with acting_as("test", "slow"), transaction.atomic():
                post(asked)
                begun.set()
                go_on.wait(timeout=60)
        finally:
            connections.close_all()

    posting = threading.Thread(target=slow)
    posting.start()
    assert begun.wait(timeout=30)
    settle(book, 5)  # booked behind what is not committed yet
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 1)

    with pytest.raises(PostersStillRun):
        keep()

    assert not Milestone.objects.exists()
    go_on.set()
    posting.join(timeout=60)
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 60)
    keep()
    assert kept(book)[-1] == (9, Decimal(112))
    assert verify("--full")[0] == 0


def test_a_wrong_one_is_named_and_made_again_when_it_is_removed(book: Book) -> None:
    settle(book, 10)
    wait_until_sealable()
    keep()
    wrong = Milestone.objects.filter(account=book.account(REVENUE))[1]
    tamper("ledger_milestone", "UPDATE ledger_milestone SET amount = amount + 1 WHERE id = %s", [wrong.pk])

    code, said = verify("--full")

    assert code == 1
    assert [(each["what"], each["where"]) for each in said["found"]] == [("milestone", f"{REVENUE} KES")]
    Milestone.objects.filter(account=book.account(REVENUE)).delete()
    keep()
    assert verify("--full")[0] == 0


def test_a_piece_ends_at_a_milestone(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.queries.stripes.MILESTONES_AT_ONCE", 2)
    settle(book, 25)
    keep()

    said: dict[str, Any] = verify("--full")[1]

    assert (said["differences"], said["entries"]) == (0, 25)
    assert verify()[1]["entries"] == 1  # on either account, what came behind its last milestone
