"""Booking once, all or nothing: what is refused leaves no trace, and what is asked again is the same transaction."""

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.web.metrics import Books
from identity.models import Program
from identity.states import ProgramStatus
from ledger import errors
from ledger.chart import STRIPES
from ledger.figures import POSTINGS, REFUSALS
from ledger.models import Account, Balance, Entry, Transaction
from ledger.movements import Movement, Posting
from ledger.operations import change_account_status, open_account, post, post_many, reverse
from ledger.postings import AS_GIVEN, RULES
from ledger.states import AccountStatus
from tests.factories import ProgramFactory, TransactionFactory
from tests.ledger.books import Book

pytestmark = pytest.mark.django_db

CLEARING, REVENUE = "rail:mpesa:clearing", "program:acme:revenue"
AL, BO = "wallet:al", "wallet:bo"


@pytest.fixture
def funded(book: Book) -> Book:
    """Al has a hundred."""
    book.post("TOPUP", (CLEARING, AL, "100"), key="funding")
    return book


def snapshot() -> Any:
    return (
        Transaction.objects.count(),
        Entry.objects.count(),
        sorted(Balance.objects.values_list("pk", "amount", "version")),
    )


# What is written


def test_an_entry_tells_both_sides(funded: Book) -> None:
    funded.post("TRANSFER", (AL, BO, "30"))
    funded.post("TRANSFER", (AL, BO, "1.2345"))

    entry = Entry.objects.order_by("id").last()

    assert entry
    assert (entry.debit_balance, entry.debit_version) == (Decimal("68.7655"), 3)
    assert (entry.credit_balance, entry.credit_version) == (Decimal("31.2345"), 2)
    assert entry.transaction.actor_id == "pytest"
    assert entry.booked_at == entry.transaction.booked_at


def test_a_striped_account_has_no_running_balance_and_adds_up(funded: Book) -> None:
    for _ in range(40):
        funded.post("SPEND", (AL, REVENUE, "1"))

    revenue = Balance.objects.filter(account=funded.account(REVENUE))
    assert revenue.count() == STRIPES
    assert revenue.exclude(amount=0).count() > 1
    assert funded.balance(REVENUE) == 40
    assert not Entry.objects.filter(credit_account=funded.account(REVENUE), credit_balance__isnull=False).exists()


def test_time_never_goes_back_on_an_account(funded: Book) -> None:
    later = timezone.now() + timedelta(days=1)
    Balance.objects.filter(account=funded.account(AL)).update(booked_at=later)  # as if the clock had been wrong

    booked = funded.post("SPEND", (AL, REVENUE, "1"))

    assert Transaction.objects.get(pk=booked.id).booked_at == later


def test_the_effective_date_is_the_caller_s(funded: Book) -> None:
    yesterday = timezone.now() - timedelta(days=1)

    booked = Transaction.objects.get(pk=funded.post("SPEND", (AL, REVENUE, "1"), effective_at=yesterday).id)

    assert booked.effective_at == yesterday
    assert booked.booked_at > yesterday


def test_digits_are_not_lost(book: Book) -> None:
    large = "99999999999999999999.999999999999999999"
    capital, float_ = "program:acme:capital", "rail:evm:float"

    book.post("FLOAT_IN", (float_, capital, large, "ETH"))
    book.post("FLOAT_OUT", (capital, float_, "0.000000000000000001", "ETH"))

    assert book.balance(float_, "ETH") == Decimal("99999999999999999999.999999999999999998")


# What is refused


def refused(book: Book, error: type[errors.PostingRefused], posting: Posting) -> errors.PostingRefused:
    before = snapshot()
    with pytest.raises(error) as refusal:
        post(posting)
    assert snapshot() == before
    (outcome,) = post_many([posting], each=True)
    assert type(outcome) is error
    assert snapshot() == before
    assert "{" not in str(refusal.value)
    return refusal.value


@pytest.mark.parametrize(
    ("amount", "error"),
    [
        ("0", errors.BadAmount),
        ("-1", errors.BadAmount),
        ("NaN", errors.BadAmount),
        ("sNaN", errors.BadAmount),
        ("Infinity", errors.BadAmount),
        ("100000000000000000000", errors.BadAmount),
        ("1E+40", errors.BadAmount),
        ("0.00001", errors.TooFine),
        ("1E-19", errors.TooFine),
        ("1E-999999999", errors.BadAmount),
        ("100.0001", errors.BelowFloor),
    ],
)
def test_a_bad_amount_is_refused(amount: str, error: type[errors.PostingRefused], funded: Book) -> None:
    refused(funded, error, funded.asked("SPEND", (AL, REVENUE, amount)))


def test_zeros_at_the_end_are_no_finer(funded: Book) -> None:
    funded.post("SPEND", (AL, REVENUE, "1.50000000"))

    assert funded.balance(AL) == Decimal("98.5")


def test_what_is_unknown_is_refused(funded: Book) -> None:
    elsewhere = ProgramFactory()
    foreign = open_account(BO, program=elsewhere, asset_code="KES", at=timezone.now())
    al = funded.account(AL).pk
    asked = funded.asked("TRANSFER", (AL, BO, "1"))

    for account in (foreign.pk, 10**15, 0, -1, 2**63, -(2**70)):
        refused(funded, errors.UnknownAccount, replace(asked, movements=(Movement(al, account, Decimal(1)),)))
    refused(funded, errors.UnknownAccount, replace(asked, program_id=elsewhere.pk))
    refused(funded, errors.UnknownKind, replace(asked, kind="GIFT"))


def test_what_does_not_belong_together_is_refused(funded: Book) -> None:
    al, other = funded.account(AL).pk, funded.account(BO, "USDC").pk
    asked = funded.asked("TRANSFER", (AL, BO, "1"))

    refused(funded, errors.AssetsDiffer, replace(asked, movements=(Movement(al, other, Decimal(1)),)))
    refused(funded, errors.SameAccount, replace(asked, movements=(Movement(al, al, Decimal(1)),)))
    refused(funded, errors.IllegalPosting, funded.asked("SPEND", (REVENUE, AL, "1")))
    refused(funded, errors.IllegalPosting, funded.asked("TRANSFER", (AL, "wallet:al:owed", "1")))
    refused(funded, errors.PayoutsDoNotPass, funded.asked("PAYOUT_PAID", ("system:payouts", AL, "1")))


@pytest.mark.parametrize(
    ("kind", "debit", "credit"),
    [
        ("PAYOUT_PAID", "affiliate:zoe:reserved", "program:acme:withholding"),
        ("PAYOUT_PAID_LATE", "affiliate:zoe:liability", "program:acme:withholding"),
        ("PAYOUT_RETURNED", "program:acme:withholding", "affiliate:zoe:liability"),
    ],
)
def test_nothing_is_withheld_or_given_back_by_itself(kind: str, debit: str, credit: str, funded: Book) -> None:
    funded.post("COMMISSION", ("program:acme:expense", "affiliate:zoe:liability", "5"))
    funded.post("PAYOUT_RESERVED", ("affiliate:zoe:liability", "affiliate:zoe:reserved", "2"))

    refused(funded, errors.WithheldAlone, funded.asked(kind, (debit, credit, "1")))
    refused(funded, errors.UnknownKind, replace(funded.asked(kind, (debit, credit, "1")), kind="WITHHOLDING"))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"key": ""}, errors.TooLong),
        ({"key": "k" * 256}, errors.TooLong),
        ({"key": "a\0b"}, errors.BadText),
        ({"key": "\ud800"}, errors.BadText),
        ({"memo": "m" * 501}, errors.TooLong),
        ({"memo": "\udfff"}, errors.BadText),
        ({"metadata": {"note": "x" * 16_384}}, errors.TooLong),
        ({"metadata": {"note": ["a\0b"]}}, errors.BadText),
        ({"metadata": {"\ud800": 1}}, errors.BadText),
        ({"metadata": {"rate": float("nan")}}, errors.BadText),
        ({"metadata": {"when": {1, 2}}}, errors.BadText),
        ({"movements": ()}, errors.TooManyEntries),
    ],
)
def test_bad_words_are_refused(change: dict[str, Any], error: type[errors.PostingRefused], funded: Book) -> None:
    refused(funded, error, replace(funded.asked("SPEND", (AL, REVENUE, "1")), **change))


def test_a_text_that_only_looks_like_a_nul_is_kept(funded: Book) -> None:
    metadata = {"path": "C:\\u0000", "snow": "\N{SNOWMAN}", "quote": 'a"b\\'}

    booked = funded.post("SPEND", (AL, REVENUE, "1"), metadata=metadata)

    assert Transaction.objects.get(pk=booked.id).metadata == metadata


def test_too_many_entries_are_refused_and_ten_thousand_are_not(funded: Book) -> None:
    al, bo = funded.account(AL).pk, funded.account(BO).pk
    movements = tuple(Movement(al, bo, Decimal("0.0001")) for _ in range(10_001))
    asked = replace(funded.asked("TRANSFER", (AL, BO, "1")), movements=movements)

    refused(funded, errors.TooManyEntries, asked)

    post(replace(asked, movements=movements[:10_000]))
    assert funded.balance(BO) == 1


def test_a_frozen_account_gives_nothing_and_takes(funded: Book) -> None:
    change_account_status(
        funded.account(AL).pk, program_id=funded.program.pk, to=AccountStatus.FROZEN, reason="asked", at=timezone.now()
    )

    refused(funded, errors.AccountFrozen, funded.asked("SPEND", (AL, REVENUE, "1")))
    refused(funded, errors.AccountFrozen, funded.asked("HOLD", (AL, "wallet:al:reserved", "1")))
    funded.post("TOPUP", (CLEARING, AL, "5"))
    funded.post("CHARGEBACK", (AL, "rail:mpesa:float", "100"))
    assert funded.balance(AL) == 5


def test_a_fact_for_a_closed_account_goes_to_suspense(funded: Book) -> None:
    suspense = "rail:mpesa:suspense"
    funded.account(suspense)
    funded.post("SPEND", (AL, REVENUE, "100"))
    change_account_status(
        funded.account(AL).pk, program_id=funded.program.pk, to=AccountStatus.CLOSED, reason="left", at=timezone.now()
    )
    asked = funded.asked("TOPUP", (CLEARING, AL, "7"), (CLEARING, BO, "3"), key="late")

    booked = post(asked)
    again = post(asked)

    refused(funded, errors.AccountClosed, funded.asked("REFUND", (REVENUE, AL, "1")))
    assert again.is_replay
    assert funded.balance(suspense) == 7
    assert funded.balance(AL) == 0
    assert Transaction.objects.get(pk=booked.id).metadata == {"meant_for": AL}


def test_an_account_that_holds_something_can_t_be_closed(funded: Book) -> None:
    with pytest.raises(errors.AccountNotEmpty):
        change_account_status(
            funded.account(AL).pk, program_id=funded.program.pk, to=AccountStatus.CLOSED, reason="x", at=timezone.now()
        )

    assert Account.objects.get(code=AL).status == AccountStatus.OPEN


@pytest.mark.parametrize(
    ("status", "customer", "house"),
    [(ProgramStatus.PAUSED, errors.ProgramRefusesPosting, None),
     (ProgramStatus.CLOSED, errors.ProgramRefusesPosting, errors.ProgramRefusesPosting)],
)  # fmt: skip
def test_what_a_program_books_depends_on_its_status(status: str, customer: Any, house: Any, funded: Book) -> None:
    Program.objects.filter(pk=funded.program.pk).update(status=status)

    refused(funded, customer, funded.asked("SPEND", (AL, REVENUE, "1")))
    if house:
        refused(funded, house, funded.asked("BONUS", ("program:acme:expense", AL, "1")))
    else:
        funded.post("BONUS", ("program:acme:expense", AL, "1"))
    # What a rail reports, and what is owed, books always.
    funded.post("TOPUP", (CLEARING, AL, "1"))
    funded.post("REFUND", (AL, "outgoing:r1", "1"))


def test_float_is_not_sent_below_zero_but_a_fact_may_take_it_there(book: Book) -> None:
    float_, flight = "rail:mpesa:float", "rail:mpesa:in_flight"
    book.post("FLOAT_IN", (float_, "program:acme:capital", "10"))

    refused(book, errors.BelowFloor, book.asked("PAYOUT_SENT", (flight, float_, "11")))
    refused(book, errors.BelowFloor, book.asked("FLOAT_OUT", ("program:acme:capital", float_, "11")))
    book.post("RAIL_FEE", ("rail:mpesa:fees", float_, "11"))

    assert book.balance(float_) == -1


def test_each_running_balance_respects_the_floor(funded: Book) -> None:
    # In the end it would be enough, on the way it is not.
    refused(funded, errors.BelowFloor, funded.asked("TRANSFER", (AL, BO, "101"), (BO, AL, "50")))

    funded.post("TRANSFER", (AL, BO, "50"), (BO, AL, "50"), (AL, BO, "100"))
    assert funded.balance(BO) == 100


# Once


def test_the_same_key_books_once(funded: Book) -> None:
    asked = funded.asked("SPEND", (AL, REVENUE, "10"), key="once", metadata={"b": 1, "a": [2]})
    first = post(asked)
    before = snapshot()

    again = post(
        replace(asked, metadata={"a": [2], "b": 1}, movements=(asked.movements[0]._replace(amount=Decimal("1E1")),))
    )

    assert again.is_replay
    assert (again.id, again.key) == (first.id, "once")
    assert snapshot() == before


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"memo": "other"}, "memo"),
        ({"kind": "PAYMENT"}, "kind"),
        ({"metadata": {"a": 1}, "effective_at": datetime(2026, 1, 1, tzinfo=UTC)}, "metadata, effective_at"),
    ],
)
def test_the_same_key_for_something_else_is_a_conflict(change: dict[str, Any], fields: str, funded: Book) -> None:
    asked = funded.asked("SPEND", (AL, REVENUE, "10"), key="once")
    post(asked)

    assert refused(funded, errors.IdempotencyConflict, replace(asked, **change)).params["fields"] == fields


def test_another_amount_under_the_same_key_is_a_conflict(funded: Book) -> None:
    funded.post("SPEND", (AL, REVENUE, "10"), key="once")

    conflict = refused(funded, errors.IdempotencyConflict, funded.asked("SPEND", (AL, REVENUE, "10.01"), key="once"))

    assert conflict.params["fields"] == "movements"


def test_another_program_has_keys_of_its_own(funded: Book) -> None:
    other = Book(ProgramFactory())

    assert not other.post("TOPUP", (CLEARING, AL, "1"), key="funding").is_replay


def test_a_key_twice_in_one_batch_is_a_replay_of_the_earlier(funded: Book) -> None:
    asked = funded.asked("SPEND", (AL, REVENUE, "10"), key="once")

    first, second, other = post_many([asked, asked, replace(asked, memo="x")], each=True)

    assert not isinstance(first, Exception)
    assert not isinstance(second, Exception)
    assert (second.is_replay, second.id) == (True, first.id)
    assert isinstance(other, errors.IdempotencyConflict)
    assert funded.balance(AL) == 90


def test_a_refusal_is_not_remembered(funded: Book) -> None:
    asked = funded.asked("SPEND", (AL, REVENUE, "150"), key="later")
    refused(funded, errors.BelowFloor, asked)
    funded.post("TOPUP", (CLEARING, AL, "50"))

    assert not post(asked).is_replay


# Many


def test_all_or_nothing(funded: Book) -> None:
    funded.account(REVENUE)
    before = snapshot()

    with pytest.raises(errors.BelowFloor):
        post_many([funded.asked("SPEND", (AL, REVENUE, "60")), funded.asked("SPEND", (AL, REVENUE, "60"))])

    assert snapshot() == before


def test_each_for_itself(funded: Book) -> None:
    outcomes = post_many(
        [
            funded.asked("SPEND", (AL, REVENUE, "60")),
            funded.asked("SPEND", (AL, REVENUE, "60")),
            funded.asked("SPEND", (AL, REVENUE, "0")),
            funded.asked("SPEND", (AL, REVENUE, "40")),
        ],
        each=True,
    )

    assert [getattr(outcome, "code", "booked") for outcome in outcomes] == [
        "booked", "insufficient_funds", "bad_amount", "booked",
    ]  # fmt: skip
    assert funded.balance(AL) == 0


def test_nothing_is_nothing(funded: Book) -> None:
    assert post_many([]) == []


def test_many_cost_as_many_statements_as_one(funded: Book) -> None:
    funded.account(REVENUE)
    counts = []
    for size in (1, 10, 1000):
        batch = [funded.asked("SPEND", (AL, REVENUE, "0.01")) for _ in range(size)]
        with CaptureQueriesContext(connection) as captured:
            post_many(batch)
        counts.append(len(captured))

    assert counts == [2, 2, 2]  # lock and read, write


# Taking back


def test_a_reversal_mirrors_and_happens_once(funded: Book) -> None:
    booked = funded.post("SPEND", (AL, REVENUE, "30"), (AL, REVENUE, "1"))

    back = reverse(booked.id, program_id=funded.program.pk, key="back", memo="a mistake")
    again = reverse(booked.id, program_id=funded.program.pk, key="back", memo="a mistake")

    assert (again.id, again.is_replay) == (back.id, True)
    assert funded.balance(AL) == 100
    before = snapshot()
    with pytest.raises(errors.AlreadyReversed), transaction.atomic():
        reverse(booked.id, program_id=funded.program.pk, key="back-2", memo="a mistake")
    with pytest.raises(errors.AlreadyReversed):
        reverse(back.id, program_id=funded.program.pk, key="forth", memo="undo")
    assert snapshot() == before


def test_what_was_spent_can_t_be_taken_back(funded: Book) -> None:
    top_up = Transaction.objects.get(key="funding")
    funded.post("SPEND", (AL, REVENUE, "1"))

    with pytest.raises(errors.BelowFloor):
        reverse(top_up.pk, program_id=funded.program.pk, key="back", memo="x")


def test_only_a_transaction_of_the_program_is_reversed(funded: Book) -> None:
    top_up = Transaction.objects.get(key="funding")

    with pytest.raises(errors.UnknownTransaction):
        reverse(top_up.pk, program_id=ProgramFactory().pk, key="back", memo="x")


# Whoever writes the rows


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET amount = amount + 1",
        "DELETE FROM ledger_entry",
        "UPDATE ledger_transaction SET memo = 'x'",
        "DELETE FROM ledger_transaction",
        "TRUNCATE ledger_entry",
        "TRUNCATE ledger_transaction CASCADE",
        "UPDATE ledger_asset SET scale = 2",
        "UPDATE ledger_account SET code = 'wallet:mine' WHERE code = 'wallet:al'",
        "DELETE FROM ledger_account",
        "UPDATE ledger_balance SET amount = -1 WHERE floor = 0",
    ],
)
def test_the_database_refuses_what_books_do_not_do(statement: str, funded: Book) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or what waits for the commit would refuse for them
        with pytest.raises(DatabaseError, match=r"refused|stays what it is|above_its_floor"), transaction.atomic():
            cursor.execute(statement)


def test_accounts_are_never_emptied(funded: Book) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="TRUNCATE on ledger_account is refused"), transaction.atomic():
            cursor.execute("TRUNCATE ledger_account CASCADE")


def _of_another_asset(entry: Entry, book: Book) -> None:
    entry.credit_account = book.account(BO, "USDC")


def _of_another_program(entry: Entry, book: Book) -> None:
    entry.credit_account = Book(ProgramFactory()).account(BO)


def _smuggled(entry: Entry, book: Book) -> None:
    elsewhere = Book(ProgramFactory())
    entry.debit_account, entry.credit_account = elsewhere.account(CLEARING), elsewhere.account(AL)


def _of_another_moment(entry: Entry, book: Book) -> None:
    entry.booked_at += timedelta(microseconds=1)


def _of_the_moment_it_counts(entry: Entry, book: Book) -> None:
    at = timezone.now() - timedelta(days=1)
    entry.transaction_id, entry.booked_at = book.post("TOPUP", (CLEARING, AL, "1"), effective_at=at).id, at


def _of_nobody_s_account(entry: Entry, book: Book, side: str) -> None:
    setattr(entry, f"{side}_account_id", 2**40)


def _of_no_transaction(entry: Entry, book: Book) -> None:
    entry.transaction_id = UUID(int=1)


@pytest.mark.parametrize(
    "misplace",
    [
        _of_another_asset,
        _of_another_program,
        _smuggled,
        _of_another_moment,
        _of_the_moment_it_counts,
        partial(_of_nobody_s_account, side="debit"),
        partial(_of_nobody_s_account, side="credit"),
        _of_no_transaction,
    ],
)
def test_an_entry_that_belongs_nowhere_can_t_be_written(misplace: Callable[[Entry, Book], None], funded: Book) -> None:
    entry = Entry.objects.get()
    entry.pk = None
    misplace(entry, funded)
    before = Entry.objects.count()

    with pytest.raises(IntegrityError, match="an entry is between two accounts of one asset"), transaction.atomic():
        entry.save(force_insert=True)
    assert Entry.objects.count() == before


def test_one_misplaced_entry_among_many_can_t_be_written(funded: Book) -> None:
    first = Entry.objects.get()
    first.pk = None
    many = [copy(first) for _ in range(100)]
    _of_another_asset(many[70], funded)

    with pytest.raises(IntegrityError, match="an entry is between two accounts"), transaction.atomic():
        Entry.objects.bulk_create(many)


def test_the_database_knows_the_kinds_of_the_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT enum_range(NULL::ledger_kind)::text[]")
        assert cursor.fetchone()[0] == sorted({*RULES, *AS_GIVEN})


def test_a_kind_that_is_none_is_not_stored_and_finds_nothing(funded: Book) -> None:
    with pytest.raises(DatabaseError, match="ledger_kind"), transaction.atomic():
        TransactionFactory(kind="GIFT")

    assert not Transaction.objects.filter(kind="GIFT").exists()
    assert not Transaction.objects.filter(kind__in=["GIFT"]).exists()
    assert [booked.kind for booked in Transaction.objects.filter(kind__in=["GIFT", "TOPUP"])] == ["TOPUP"]
    assert [booked.kind for booked in Transaction.objects.exclude(kind="GIFT")] == ["TOPUP"]
    assert not Transaction.objects.exclude(kind__in=["GIFT", "TOPUP"]).exists()
    assert '"kind" = TOPUP' in str(Transaction.objects.filter(kind="TOPUP").query)


@pytest.mark.parametrize("name", ["reverses", "corrects"])
def test_a_transaction_points_to_none_of_another_program(name: str, funded: Book) -> None:
    foreign = Book(ProgramFactory()).post("TOPUP", (CLEARING, AL, "1"))
    asked = funded.asked("MANUAL_JOURNAL", (AL, BO, "1"))

    with pytest.raises(DatabaseError), transaction.atomic():
        post(replace(asked, **{name: foreign.id}))  # type: ignore[arg-type]
    own = Transaction.objects.get(key="funding").pk
    assert not post(replace(asked, **{name: own})).is_replay  # type: ignore[arg-type]


def test_posting_counts_what_came_of_it(funded: Book) -> None:
    def counted() -> dict[str, float]:
        return {name: POSTINGS.labels(name)._value.get() for name in ("booked", "replayed", "refused")}

    asked = funded.asked("SPEND", (AL, REVENUE, "1"))
    before, refused_before = counted(), REFUSALS.labels("bad_amount")._value.get()

    post_many([asked, asked, funded.asked("SPEND", (AL, REVENUE, "0"))], each=True)
    with pytest.raises(errors.BadAmount):
        funded.post("SPEND", (AL, REVENUE, "0"))

    assert {name: count - before[name] for name, count in counted().items()} == {
        "booked": 1, "replayed": 1, "refused": 2,
    }  # fmt: skip
    assert REFUSALS.labels("bad_amount")._value.get() - refused_before == 2


def test_the_imbalance_is_shown_and_is_zero(funded: Book) -> None:
    shown = {sample.labels["asset"]: sample.value for metric in Books().collect() for sample in metric.samples}

    assert shown == {"KES": 0}
