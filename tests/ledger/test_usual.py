"""What one call books, two calls would have booked in the same words; what is out of the ordinary it leaves to them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from identity.models import Program
from identity.states import ProgramStatus
from ledger import rows, usual
from ledger.chart import ROLES
from ledger.errors import PostingRefused
from ledger.figures import LOCKING
from ledger.models import Balance, Entry, Transaction
from ledger.movements import Movement, Posting
from ledger.operations import change_account_status, post, post_many
from ledger.postings import AS_GIVEN, RULES, TAKES_MORE_THAN_THERE_IS, WITHHOLDS
from ledger.states import AccountStatus
from tests.factories import ProgramFactory
from tests.ledger.books import Book

AL, BO, CLEARING, FLOAT = "wallet:al", "wallet:bo", "rail:mpesa:clearing", "rail:mpesa:float"
REVENUE, CAPITAL = "program:acme:revenue", "program:acme:capital"


def standing() -> Any:
    entries = Entry.objects.order_by("id").values_list(
        "debit_account",
        "credit_account",
        "amount",
        "debit_balance",
        "debit_version",
        "credit_balance",
        "credit_version",
    )
    transactions = Transaction.objects.order_by("id").values_list(
        "program_id", "key", "fingerprint", "entries_digest", "kind", "memo", "metadata", "actor_type", "actor_id",
        "correlation_id", "effective_at", "reverses", "corrects",
    )  # fmt: skip
    balances = Balance.objects.order_by("account", "stripe").values_list("account", "stripe", "amount", "version")
    return list(entries), list(transactions), list(balances)


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _without_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "chance", lambda: 37)


@pytest.fixture
def funded(book: Book) -> Book:
    """Al has a hundred."""
    book.post("TOPUP", (CLEARING, AL, "100"))
    return book


# Out of the ordinary


def frozen(book: Book) -> Posting:
    change_account_status(
        book.account(AL).pk, program_id=book.program.pk, to=AccountStatus.FROZEN, reason="x", at=timezone.now()
    )
    return book.asked("SPEND", (AL, REVENUE, "1"))


def closed(book: Book) -> Posting:
    change_account_status(
        book.account(BO).pk, program_id=book.program.pk, to=AccountStatus.CLOSED, reason="x", at=timezone.now()
    )
    return book.asked("TRANSFER", (AL, BO, "1"))


def paused(book: Book) -> Posting:
    Program.objects.filter(pk=book.program.pk).update(status=ProgramStatus.PAUSED)
    return book.asked("SPEND", (AL, REVENUE, "1"))


def of_another_program(book: Book) -> Posting:
    return replace(book.asked("SPEND", (AL, REVENUE, "1")), program_id=ProgramFactory().pk)


def between(book: Book, *, debit: int = 0, credit: int = 0) -> Posting:
    asked = book.asked("SPEND", (AL, REVENUE, "1"))
    (own,) = asked.movements
    return replace(asked, movements=(Movement(debit or own.debit, credit or own.credit, own.amount),))


def to_another_program(book: Book) -> Posting:
    return between(book, credit=Book(ProgramFactory()).account("program:x:revenue").pk)


def into_another_asset(book: Book) -> Posting:
    return between(book, credit=book.account(REVENUE, "USDC").pk)


def to_nobody(book: Book) -> Posting:
    return between(book, credit=2**62)


def from_nobody(book: Book) -> Posting:
    return between(book, debit=2**62)


def too_fine(book: Book) -> Posting:
    return book.asked("SPEND", (AL, REVENUE, "1.00001"))


def too_much(book: Book) -> Posting:
    return book.asked("SPEND", (AL, REVENUE, "100.0001"))


def to_one_who_owes(book: Book) -> Posting:
    book.post("TOPUP", (CLEARING, BO, "1"))
    book.post("CHARGEBACK", (BO, FLOAT, "3"))
    return book.asked("TRANSFER", (AL, BO, "1"))


def illegal(book: Book) -> Posting:
    return book.asked("SPEND", (AL, CLEARING, "1"))


def illegal_the_other_way(book: Book) -> Posting:
    return book.asked("SPEND", (REVENUE, AL, "1"))


def from_the_float(book: Book) -> Posting:
    book.post("FLOAT_IN", (FLOAT, CAPITAL, "50"))
    return book.asked("FLOAT_OUT", (CAPITAL, FLOAT, "1"))  # it would be refused below zero, where no constraint is


def known(book: Book) -> Posting:
    asked = book.asked("SPEND", (AL, REVENUE, "1"))
    post(asked)
    return asked


def known_as_another(book: Book) -> Posting:
    return replace(known(book), memo="another")


def at_another_time(book: Book) -> Posting:
    return book.asked("SPEND", (AL, REVENUE, "1"), effective_at=timezone.now() - timedelta(days=1))


def taking_back(book: Book) -> Posting:
    return book.asked("REVERSAL", (REVENUE, AL, "1"), reverses=book.post("SPEND", (AL, REVENUE, "1")).id)


def correcting(book: Book) -> Posting:
    return book.asked("MANUAL_JOURNAL", (REVENUE, AL, "1"), corrects=book.post("SPEND", (AL, REVENUE, "1")).id)


def more_than_there_is(book: Book) -> Posting:
    return book.asked("CHARGEBACK", (AL, FLOAT, "120"))


def payouts_that_stay(book: Book) -> Posting:
    book.post("BONUS", ("program:acme:expense", AL, "5"))
    book.post("HOLD", (AL, f"{AL}:reserved", "5"))
    return book.asked("PAYOUT_PAID", (f"{AL}:reserved", "system:payouts", "5"))


def two_movements(book: Book) -> Posting:
    return book.asked("SPEND", (AL, REVENUE, "1"), (AL, REVENUE, "2"))


def no_kind(book: Book) -> Posting:
    return book.asked("GIFT", (AL, REVENUE, "1"))


def nothing_at_all(book: Book) -> Posting:
    return book.asked("SPEND")


def with_a_nul(book: Book) -> Posting:
    return book.asked("SPEND", (AL, REVENUE, "1"), metadata={"a": "\0"})


UNUSUAL = (
    frozen, closed, paused, of_another_program, to_another_program, into_another_asset, to_nobody, from_nobody,
    too_fine, too_much, to_one_who_owes, illegal, illegal_the_other_way, from_the_float, known, known_as_another,
    at_another_time, taking_back, correcting, more_than_there_is, payouts_that_stay, two_movements, no_kind,
    nothing_at_all, with_a_nul,
)  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("case", UNUSUAL, ids=lambda case: case.__name__)
def test_what_is_out_of_the_ordinary_is_left_as_it_is(case: Callable[[Book], Posting], funded: Book) -> None:
    asked = case(funded)
    before = standing()

    assert usual.book(asked) is None

    assert standing() == before


@pytest.mark.django_db
@pytest.mark.parametrize("case", [pytest.param(case, id=case.__name__) for case in UNUSUAL])
def test_and_comes_out_as_two_calls_say(case: Callable[[Book], Posting], funded: Book) -> None:
    asked = case(funded)
    with undone():
        (expected,) = post_many([asked], each=True)
        left = standing()

    try:
        came: Any = post(asked)
    except PostingRefused as refusal:
        came = refusal

    assert getattr(came, "code", "booked") == getattr(expected, "code", "booked")
    assert str(getattr(came, "is_replay", came)) == str(getattr(expected, "is_replay", expected))
    assert standing() == left


# In the ordinary

ACCOUNTS = [role.code_for("mpesa" if role.code.startswith("rail") else "al") for role in ROLES.values()]
AMOUNTS = st.decimals("0.00001", "60", places=5) | st.sampled_from([Decimal(5), Decimal("7.5"), Decimal("1e2")])


@pytest.mark.django_db
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pair=st.sampled_from([(kind, *pair) for kind, pairs in RULES.items() for pair in pairs])
    | st.tuples(st.sampled_from([*RULES, *sorted(AS_GIVEN)]), st.sampled_from([*ROLES]), st.sampled_from([*ROLES])),
    amount=AMOUNTS,
    memo=st.sampled_from(["", "it's", "ünïcode \\ 100%"]),
    metadata=st.sampled_from([None, {"b": [1, {"a": "ü\\n'"}], "a": 0.5}]),
)
@example(pair=("COMMISSION", "EXPENSE", "AFFILIATE"), amount=Decimal("1.5"), memo="", metadata=None)
@example(pair=("RAIL_SETTLED", "FLOAT", "CLEARING"), amount=Decimal("1.5"), memo="", metadata=None)
@example(pair=("FX_SETTLED", "FLOAT", "FX"), amount=Decimal("1.50"), memo="", metadata=None)
def test_one_call_writes_what_two_would(
    book: Book, pair: tuple[str, str, str], amount: Decimal, memo: str, metadata: Any
) -> None:
    kind, debit, credit = pair
    assume(debit != credit and not {debit, credit} & {"TREASURY", "WALLET_OWED"})  # of points; opened by its wallet
    codes = dict(zip(ROLES, ACCOUNTS, strict=True))
    book = replace(book, accounts={})  # those of the example before are undone
    with undone():
        full = ("WALLET", "WALLET_RESERVED", "AFFILIATE_RESERVED", "OUTGOING", "INTENT", "ESCROW")
        post_many([book.asked("OPENING", ("program:al:capital", codes[role], "50")) for role in full])
        asked = book.asked(kind, (codes[debit], codes[credit], str(amount)), memo=memo, metadata=metadata)
        with undone():
            (expected,) = post_many([asked], each=True)
            left = standing()
        before = standing()

        identifier = usual.book(asked)

        if identifier is None:
            assert standing() == before
            rule = RULES.get(kind, {}).get((debit, credit))
            out_of_the_ordinary = (
                rule is not None and rule.keeps_float
            ) or kind in TAKES_MORE_THAN_THERE_IS | WITHHOLDS
            assert isinstance(expected, PostingRefused) or out_of_the_ordinary
        else:
            assert standing() == left
            assert Transaction.objects.get(pk=identifier).booked_at == Entry.objects.latest("id").booked_at


@pytest.mark.django_db(transaction=True)
def test_how_long_the_locks_were_waited_for_is_counted(funded: Book) -> None:
    asked = funded.asked("SPEND", (AL, REVENUE, "1"))
    others = psycopg.connect(**connection.get_connection_params())
    others.execute("SELECT FROM ledger_balance WHERE account_id = %s FOR UPDATE", [funded.account(AL).pk])
    before = LOCKING._sum.get()

    letting_go = threading.Timer(0.3, others.rollback)
    letting_go.start()
    assert usual.book(asked) is not None

    letting_go.join()
    others.close()
    assert LOCKING._sum.get() - before > 0.1


@pytest.mark.django_db(transaction=True)
def test_what_was_waited_for_is_seen(funded: Book) -> None:
    asked = funded.asked("SPEND", (AL, REVENUE, "1"))
    others = psycopg.connect(**connection.get_connection_params())
    others.execute("SELECT FROM ledger_balance WHERE account_id = %s FOR UPDATE", [funded.account(AL).pk])
    others.execute("UPDATE ledger_account SET status = 'FROZEN' WHERE id = %s", [funded.account(AL).pk])

    letting_go = threading.Timer(0.3, others.commit)
    letting_go.start()

    assert usual.book(asked) is None
    letting_go.join()
    others.close()


def balances_read() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'ledger_balance'"
        )
        return int(cursor.fetchone()[0])


@pytest.mark.usefixtures("acting")
def test_of_an_account_that_everybody_posts_to_one_stripe_is_read(funded: Book) -> None:
    assert Balance.objects.filter(account=funded.account(CLEARING)).count() > 50
    with connection.cursor() as cursor:
        # As a server that runs knows its tables; of one that was never analyzed the planner thinks it is empty.
        cursor.execute("ANALYZE ledger_balance, ledger_account, ledger_asset, identity_program; DISCARD PLANS")
    before = balances_read()

    assert usual.book(funded.asked("TOPUP", (CLEARING, AL, "1"))) is not None

    assert balances_read() - before < 20
