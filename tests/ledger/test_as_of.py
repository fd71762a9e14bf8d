"""Every answer as of a time, on both axes, is plain arithmetic over the entries, whatever is booked late or early."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.models import Entry, Milestone, ValueDated
from ledger.models.reading import REACHES
from ledger.operations import keep_milestones, post_many, verify_books
from ledger.queries.balances import balance_booked_at, balance_effective_at, balance_now
from ledger.queries.pieces import BEGINNING, END
from ledger.queries.trial_balance import sums, trial_balance
from ledger.queries.verification import Scope
from tests.ledger.books import Book

pytestmark = pytest.mark.django_db

AL, BO, CLEARING, REVENUE = "wallet:al", "wallet:bo", "rail:mpesa:clearing", "program:acme:revenue"
CODES = (AL, BO, CLEARING, REVENUE)
LEGS = (("TOPUP", CLEARING, AL), ("TOPUP", CLEARING, BO), ("SPEND", AL, REVENUE), ("TRANSFER", BO, AL))
# Nothing apart, a breath apart, and about every limit of a reach; before and behind.
_LIMITS = (
    0,
    1,
    59,
    60,
    299,
    300,
    1800,
    7200,
    28_799,
    28_800,
    115_200,
    460_800,
    1_843_200,
    7_372_800,
    29_491_200,
    10**8,
)
APART = st.sampled_from(_LIMITS).map(lambda seconds: timedelta(seconds=seconds)) | st.timedeltas(
    timedelta(0), timedelta(days=900)
)
module = import_module("ledger.operations.keep_milestones")


@dataclass(frozen=True)
class Asked:
    """A posting: which, how much, and how far from its booking it counts; whether milestones are kept behind it."""

    leg: int
    amount: Decimal
    apart: timedelta | None
    is_backdated: bool
    keeps: bool


ASKED = st.builds(
    Asked, st.integers(0, 3), st.decimals("0.0001", "9", places=4), st.none() | APART, st.booleans(),
    st.booleans() | st.just(value=False),
)  # fmt: skip


def expected(entries: list[Any], account: Any, *, at: datetime, axis: str) -> Decimal:
    there = Decimal(0)
    for entry in entries:
        if (entry.booked_at if axis == "booked" else entry.transaction.counts_at) <= at:
            there += entry.amount * ((entry.debit_account_id == account.pk) - (entry.credit_account_id == account.pk))
    return there if account.grows_by_debit else -there


@pytest.fixture
def opened(book: Book, monkeypatch: pytest.MonkeyPatch) -> Book:
    """Accounts with something on them, and milestones close together."""
    monkeypatch.setattr(module, "ENTRIES_APART", 2)
    # The test's own transaction would be waited for; nobody else books here.
    monkeypatch.setattr(module, "wait_for_posters", lambda patience_seconds: datetime.now(UTC))
    for code in CODES:
        book.post("OPENING", ("program:acme:capital", code, "1000"))
    return book


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(ASKED, min_size=1, max_size=4), min_size=1, max_size=6), seed=st.integers(0, 2**32))
def test_every_answer_is_the_sum_of_the_entries(batches: list[list[Asked]], seed: int, opened: Book) -> None:
    savepoint = transaction.savepoint()
    try:
        _book_and_compare(opened, batches, random.Random(seed))
    finally:
        transaction.savepoint_rollback(savepoint)


def _book_and_compare(book: Book, batches: list[list[Asked]], chance: random.Random) -> None:
    for batch in batches:
        now = datetime.now(UTC)
        post_many(
            [
                book.asked(LEGS[one.leg][0], (*LEGS[one.leg][1:], str(one.amount)), effective_at=_effective(one, now))
                for one in batch
            ]
        )
        if any(one.keeps for one in batch):
            keep_milestones()

    entries = list(Entry.objects.select_related("transaction"))
    times = sorted({time for entry in entries for time in (entry.booked_at, entry.transaction.counts_at)})
    moments = [BEGINNING, END, *chance.sample(times, min(len(times), 6))]
    moments += [moment + timedelta(microseconds=chance.choice((-1, 1))) for moment in moments[2:]]
    for at in moments:
        for axis, ask in (("booked", balance_booked_at), ("effective", balance_effective_at)):
            lines = trial_balance(program_id=book.program.pk, at=at, effective=axis == "effective")
            told = {line.code: line.debit - line.credit for line in lines}
            for code in CODES:
                account = book.account(code)
                amount = expected(entries, account, at=at, axis=axis)
                assert ask(account, at=at) == amount, (axis, code, at)
                assert told.get(code, 0) == (amount if account.grows_by_debit else -amount)
            assert all(one.is_balanced for one in sums(lines))
    assert all(balance_effective_at(book.account(code), at=END) == balance_now(book.account(code)) for code in CODES)
    assert not list(verify_books(Scope(program_id=book.program.pk, is_full=True), at=datetime.now(UTC)))


def _effective(one: Asked, now: datetime) -> datetime | None:
    if one.apart is None:
        return None
    return now - one.apart if one.is_backdated else now + one.apart


def test_an_entry_that_counts_when_it_is_booked_is_kept_once(book: Book) -> None:
    book.post("TOPUP", (CLEARING, AL, "1"))
    assert not ValueDated.objects.exists()

    booked = book.post("TOPUP", (CLEARING, AL, "1"), effective_at=datetime.now(UTC) - timedelta(days=2))

    kept = ValueDated.objects.get()
    assert kept.entry.transaction_id == booked.id
    assert (kept.is_backdated, kept.reach, kept.amount) == (True, 6, Decimal(1))


@pytest.mark.parametrize("number", range(len(REACHES)))
def test_reading_and_writing_mean_the_same_by_a_reach(number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_reach(%s::interval), ledger_reach(%s::interval - interval '1 microsecond')",
                       [REACHES[number]] * 2)  # fmt: skip
        assert cursor.fetchone() == (number + 1, number)


def test_milestones_are_where_sums_begin(opened: Book) -> None:
    for _ in range(5):
        opened.post("TOPUP", (CLEARING, AL, "1"))
    keep_milestones()
    last = Milestone.objects.filter(account=opened.account(CLEARING)).latest("at")
    assert last.entries == 6

    Milestone.objects.filter(pk=last.pk).update(amount=100)

    assert balance_booked_at(opened.account(CLEARING), at=datetime.now(UTC)) == 100
