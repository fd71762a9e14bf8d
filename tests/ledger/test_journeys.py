"""Postings take two journeys, and a single one takes one, alone and inside of a transaction; nothing stays open."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.errors import BelowFloor, IdempotencyConflict
from ledger.models import Transaction
from ledger.models.fields import packed, unpacked
from ledger.operations import post, post_many
from tests.ledger.books import Book

AL, BO, CLEARING = "wallet:al", "wallet:bo", "rail:mpesa:clearing"


@pytest.fixture
def nothing_stays_open() -> Iterator[None]:
    yield
    driver: Any = connection.connection
    assert driver.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    assert not connection.in_atomic_block


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("nothing_stays_open")
class TestAlone:
    def test_it_takes_two_journeys(self, book: Book) -> None:
        asked = [book.asked("TOPUP", (CLEARING, AL, "5")) for _ in range(3)]

        with CaptureQueriesContext(connection) as captured:
            post_many(asked)

        assert len(captured) == 2
        assert book.balance(AL) == 15

    def test_one_takes_one(self, book: Book) -> None:
        asked = book.asked("TOPUP", (CLEARING, AL, "5"))

        with CaptureQueriesContext(connection) as captured:
            post(asked)

        assert len(captured) == 1
        assert book.balance(AL) == 5

    def test_what_is_booked_is_committed(self, book: Book) -> None:
        post(book.asked("TOPUP", (CLEARING, AL, "5"), key="once"))
        connection.close()

        assert Transaction.objects.under_key(book.program.pk, "once").exists()

    def test_a_refusal_leaves_no_locks(self, book: Book) -> None:
        asked = book.asked("SPEND", (AL, "program:acme:revenue", "5"))

        with pytest.raises(BelowFloor):
            post(asked)

        assert not Transaction.objects.exists()

    def test_a_replay_writes_nothing(self, book: Book) -> None:
        asked = book.asked("TOPUP", (CLEARING, AL, "5"), key="once")
        first = post(asked)

        with CaptureQueriesContext(connection) as captured:
            again = post(asked)

        assert (again.id, again.is_replay) == (first.id, True)
        assert [query["sql"] for query in captured][-1] == "ROLLBACK"

    def test_a_conflict_says_where_they_differ(self, book: Book) -> None:
        post(book.asked("TOPUP", (CLEARING, AL, "5"), key="once"))

        with pytest.raises(IdempotencyConflict, match="memo"):
            post(book.asked("TOPUP", (CLEARING, AL, "5"), key="once", memo="other"))

    def test_a_key_taken_meanwhile_is_found(self, book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = book.asked("TOPUP", (CLEARING, AL, "5"), key="once")
        post(asked)
        module = __import__("ledger.rows", fromlist=["Journeys"])
        read, blind = module.Journeys.lock_and_read, [True]

        def blind_at_first(*args: Any, **options: Any) -> Any:
            found = read(*args, **options)
            if blind.pop() if blind else False:
                found.known.clear()  # as when the other one commits between the two journeys
            return found

        monkeypatch.setattr(module.Journeys, "lock_and_read", blind_at_first)

        assert post_many([asked])[0].is_replay
        assert book.balance(AL) == 5
        blind.append(True)
        with transaction.atomic():
            assert post_many([asked])[0].is_replay
            post(book.asked("TOPUP", (CLEARING, AL, "5")))  # what was undone was the posting's own, and nothing else
        assert book.balance(AL) == 10

    def test_one_inside_a_transaction_is_undone_with_it(self, book: Book) -> None:
        asked = book.asked("TOPUP", (CLEARING, AL, "5"))

        with pytest.raises(ZeroDivisionError), transaction.atomic():
            post(asked)
            raise ZeroDivisionError

        assert book.balance(AL) == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("nothing_stays_open")
class TestInside:
    def test_it_takes_two_journeys_as_well(self, book: Book) -> None:
        asked = [book.asked("TOPUP", (CLEARING, AL, "5")) for _ in range(3)]

        with transaction.atomic(), CaptureQueriesContext(connection) as captured:
            post_many(asked)

        assert len(captured) == 2
        assert book.balance(AL) == 15

    def test_one_takes_one_as_well(self, book: Book) -> None:
        asked = book.asked("TOPUP", (CLEARING, AL, "5"))

        with transaction.atomic(), CaptureQueriesContext(connection) as captured:
            post(asked)

        assert len(captured) == 1
        assert book.balance(AL) == 5

    def test_what_the_caller_did_before_outlives_a_refusal(self, book: Book) -> None:
        refused = book.asked("SPEND", (AL, "program:acme:revenue", "5"))

        with transaction.atomic():
            post(book.asked("TOPUP", (CLEARING, AL, "4")))
            with pytest.raises(BelowFloor):
                post(refused)
            post(book.asked("TOPUP", (CLEARING, AL, "3")))

        assert book.balance(AL) == 7

    def test_a_refusal_or_a_replay_leaves_no_locks(self, book: Book) -> None:
        once = book.asked("TOPUP", (CLEARING, AL, "4"), key="once")
        post(once)
        others = psycopg.connect(**connection.get_connection_params())

        with transaction.atomic(), others:
            assert post(once).is_replay
            with pytest.raises(BelowFloor):
                post(book.asked("SPEND", (AL, "program:acme:revenue", "5")))
            free = others.execute("SELECT count(*) FROM (SELECT FROM ledger_balance FOR UPDATE SKIP LOCKED) AS free")
            everything = others.execute("SELECT count(*) FROM ledger_balance")
            assert free.fetchone() == everything.fetchone()

    def test_whose_transaction_had_failed_is_told_so(self, book: Book) -> None:
        asked = book.asked("TOPUP", (CLEARING, AL, "4"))

        with pytest.raises(DatabaseError, match="current transaction is aborted"), transaction.atomic():
            with pytest.raises(DatabaseError, match="division by zero"), connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
            post(asked)

        assert post(asked).is_replay is False


@given(text=st.one_of(st.text(), st.uuids().map(str), st.uuids().map(lambda one: one.hex)))
@example("=" * 15)
@example("=" * 16)
@example("~" * 15)
@example("a" * 15)
@example(str(UUID(int=5)).upper())
def test_what_is_packed_comes_out_again(text: str) -> None:
    assert unpacked(packed(text)) == text


def test_a_uuid_takes_sixteen_bytes() -> None:
    assert len(packed("01a1fe49-b9a4-75db-8075-0ecbd11b519d")) == 16
    assert len(packed("a" * 15)) == 17


@pytest.mark.django_db
def test_it_is_found_as_a_whole(book: Book) -> None:
    post(book.asked("TOPUP", (CLEARING, AL, "5")))

    assert Transaction.objects.filter(actor_id="pytest").count() == 1
    assert Transaction.objects.filter(actor_id__in=["pytest", "x"]).count() == 1
    with pytest.raises(Exception, match="Unsupported lookup"):
        Transaction.objects.filter(actor_id__startswith="py").count()


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["plain", "back\\slash", "\\", "\\\\052", "ключ", "鍵", "\N{MONEY BAG}", "'quoted'"])
def test_any_key_is_found_by_its_hash(book: Book, key: str) -> None:
    first = post(book.asked("TOPUP", (CLEARING, AL, "5"), key=key))

    assert Transaction.objects.under_key(book.program.pk, key).get().pk == first.id
    assert post(book.asked("TOPUP", (CLEARING, AL, "5"), key=key)).is_replay
