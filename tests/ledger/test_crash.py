"""The connection dies after each statement in turn: a key books whole or not at all, and asking again books it once."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, connections
from django.utils import timezone

from identity.models import Program
from ledger.models import Account, Entry, Transaction
from ledger.operations import change_account_status, open_account, post, post_many, reverse
from ledger.states import AccountStatus
from tests.ledger.books import Book
from tests.ledger.test_verify import verify

pytestmark = pytest.mark.django_db(transaction=True)

AL, BO, CLEARING, REVENUE = "wallet:al", "wallet:bo", "rail:mpesa:clearing", "program:acme:revenue"


class Killer:
    """Cuts our connection off once ``after`` statements were executed."""

    def __init__(self, after: int) -> None:
        self.after = after
        self.count = 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        self.count += 1
        if self.count == self.after:
            driver: Any = connection.connection
            settings = connection.settings_dict
            with psycopg.connect(
                host=settings["HOST"], port=settings["PORT"], user=settings["USER"], password=settings["PASSWORD"],
                dbname=settings["NAME"], autocommit=True,
            ) as other:  # fmt: skip
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [driver.info.backend_pid])
        return result


def killed_everywhere(act: Callable[[], Any], *, is_done: Callable[[], bool]) -> int:
    """Do ``act`` with the connection cut after the first statement, the second, and so on until it comes through."""
    for after in range(1, 30):
        killer = Killer(after)
        try:
            with connection.execute_wrapper(killer):
                act()
        except DatabaseError:
            connections.close_all()
            assert not is_done(), f"half done after statement {after}"
            assert verify("--full")[0] == 0
        else:
            connections.close_all()
            assert killer.count <= after  # equal when the last statement was the commit
            assert is_done()
            return killer.count
    raise AssertionError("it never came through")


def test_posting(book: Book) -> None:
    book.post("TOPUP", (CLEARING, AL, "100"))
    asked = [book.asked("SPEND", (AL, REVENUE, "1"), key=f"spend-{number}") for number in range(3)]

    statements = killed_everywhere(
        lambda: post_many(asked), is_done=lambda: Transaction.objects.filter(key__startswith="spend").exists()
    )

    assert statements == 2
    assert book.balance(AL) == 97
    assert all(booked.is_replay for booked in post_many(asked))
    assert Entry.objects.count() == 4


def test_reversing(book: Book) -> None:
    booked = book.post("TOPUP", (CLEARING, AL, "100"))

    killed_everywhere(
        lambda: reverse(booked.id, program_id=book.program.pk, key="back", memo="x"),
        is_done=lambda: Transaction.objects.filter(key="back").exists(),
    )

    assert book.balance(AL) == 0


def test_opening_an_account(book: Book) -> None:
    def wallet_stands() -> bool:
        return Account.objects.filter(code=BO, program=book.program).exists()

    killed_everywhere(
        lambda: open_account(BO, program=Program.objects.get(pk=book.program.pk), asset_code="KES", at=timezone.now()),
        is_done=wallet_stands,
    )

    assert Account.objects.get(code=BO).balances.count() == 1


def test_freezing(book: Book) -> None:
    wallet = book.account(AL)

    killed_everywhere(
        lambda: change_account_status(
            wallet.pk, program_id=book.program.pk, to=AccountStatus.FROZEN, reason="x", at=timezone.now()
        ),
        is_done=lambda: Account.objects.get(pk=wallet.pk).status == AccountStatus.FROZEN,
    )


def test_a_posting_inside_an_operation_dies_with_it(book: Book) -> None:
    from django.db import transaction

    asked = book.asked("TOPUP", (CLEARING, AL, "5"), key="inside")

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        post(asked)
        raise ZeroDivisionError

    assert not Transaction.objects.filter(key="inside").exists()
    assert book.balance(AL) == Decimal(0)
