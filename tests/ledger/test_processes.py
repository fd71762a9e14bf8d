"""Real processes and a real server, killed without a word: money is spent once, and a key books whole or not at all."""

import os
import random
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.utils import timezone

from audit.context import acting_as
from config.postgres.connection import DATABASE_NAME
from config.postgres.embedded import EmbeddedPostgres
from config.settings import environment
from identity.operations import create_program
from ledger.models import Entry, Milestone, Transaction
from ledger.movements import Posting
from ledger.operations import define_asset, hold, keep_milestones, post, post_many
from ledger.states import AssetKind
from tests.crash.servers import children_of, database_at, kill, lives, open_folder, postmaster_of, until
from tests.ledger.books import Book
from tests.ledger.processes import Poster, in_processes, stopping_after
from tests.ledger.test_verify import verify

AL, CLEARING, REVENUE = "wallet:al", "rail:mpesa:clearing", "program:acme:revenue"
BATCH = 100
keeping = import_module("ledger.operations.keep_milestones")
committing = pytest.mark.django_db(transaction=True)


def booked(outcome: Any) -> int:
    return sum(not one.is_replay for one in outcome)


def transfers(book: Book, names: list[str], *, count: int, seed: int) -> list[list[Posting]]:
    """Batches of transfers between any two of ``names``, in whatever direction."""
    chance = random.Random(seed)
    pairs = [chance.sample(names, 2) for _ in range(count)]
    asked = [book.asked("TRANSFER", (one, other, "0.01")) for one, other in pairs]
    return [asked[first : first + 50] for first in range(0, count, 50)]


@committing
def test_what_is_there_is_spent_once(book: Book) -> None:
    book.post("TOPUP", (CLEARING, AL, "5"))
    asked = [book.asked("SPEND", (AL, REVENUE, "1")) for _ in range(12)]

    outcomes = in_processes([lambda one=one: booked([post(one)]) for one in asked])  # type: ignore[misc]

    assert sorted(outcomes, key=str) == [1] * 5 + ["insufficient_funds"] * 7
    assert book.balance(AL) == 0
    assert book.balance(REVENUE) == 5
    assert verify("--full")[0] == 0


@committing
def test_one_key_books_once(book: Book) -> None:
    batch = [book.asked("SETTLEMENT", ("system:settlements", REVENUE, "10"), key=f"once-{n}") for n in range(20)]

    outcomes = in_processes([lambda: booked(post_many(batch)) for _ in range(8)])

    assert sum(outcomes) == len(batch)
    assert book.balance(REVENUE) == 200
    assert verify("--full")[0] == 0


@committing
def test_ten_thousand_crossing_transfers_never_deadlock(book: Book) -> None:
    names = [f"wallet:w{number}" for number in range(6)]
    for name in names:
        book.post("TOPUP", (CLEARING, name, "1000"))
    shares = [transfers(book, names, count=2_500, seed=seed) for seed in range(4)]

    def work(batches: list[list[Posting]]) -> int:
        return sum(booked(post_many(batch)) for batch in batches)

    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        before = cursor.fetchone()

    outcomes = in_processes([lambda share=share: work(share) for share in shares])  # type: ignore[misc]

    assert outcomes == [2_500] * 4
    assert sum(book.balance(name) for name in names) == 6000
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        assert cursor.fetchone() == before
    assert verify("--full")[0] == 0


@committing
def test_what_is_held_is_not_spent(book: Book) -> None:
    book.post("TOPUP", (CLEARING, AL, "6"))
    wallet, program = book.account(AL), book.program.pk

    def holding(number: int) -> Callable[[], int]:
        def act() -> int:
            hold(wallet.pk, program_id=program, amount=Decimal(1), key=f"held-{number}", at=timezone.now())
            return 1

        return act

    asked = [book.asked("SPEND", (AL, REVENUE, "1")) for _ in range(6)]

    outcomes = in_processes(
        [*(holding(number) for number in range(6)), *(lambda one=one: booked([post(one)]) for one in asked)]
    )

    assert sorted(outcomes, key=str) == [1] * 6 + ["insufficient_funds"] * 6
    held, spent = book.balance(f"{AL}:reserved"), book.balance(REVENUE)
    assert held + spent == 6
    assert book.balance(AL) == 0
    assert verify("--full")[0] == 0


@committing
def test_verifying_is_right_while_others_book(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "ENTRIES_APART", 100)
    names = [f"wallet:w{number}" for number in range(4)]
    for name in names:
        book.post("TOPUP", (CLEARING, name, "1000"))
    yesterday = timezone.now() - timedelta(days=1)

    def share(seed: int) -> list[list[Posting]]:
        mixed = transfers(book, names, count=2_000, seed=seed)
        for batch in mixed:
            batch += [book.asked("TOPUP", (CLEARING, names[0], "0.01"), effective_at=yesterday) for _ in range(20)]
        return mixed

    def work(batches: list[list[Posting]]) -> int:
        return sum(booked(post_many(batch)) for batch in batches)

    shares = [share(seed) for seed in (1, 2)]
    posters = [Poster(lambda own=own: work(own)) for own in shares]  # type: ignore[misc]
    seen = 0
    while any(map(lives, (poster.pid for poster in posters))):
        for arguments in ((), ("--full",)):
            code, said = verify(*arguments)
            assert (code, said["found"]) == (0, [])
        seen += 4 < Transaction.objects.count() < 4 + 2 * 2_800
        keep_milestones()

    assert [poster.outcome() for poster in posters] == [2_800, 2_800]
    assert seen > 0, "somebody was booking"
    assert Milestone.objects.exists()
    assert verify()[0] == verify("--full")[0] == 0


def batches_of(book: Book, count: int) -> list[list[Posting]]:
    return [
        [book.asked("SETTLEMENT", ("system:settlements", REVENUE, "1"), key=f"b{number}-{n}") for n in range(BATCH)]
        for number in range(count)
    ]


def assert_whole(book: Book, batches: list[list[Posting]]) -> None:
    """Each batch is there whole or not at all; asked for again, each key has booked once."""
    known = set(Transaction.objects.filter(kind="SETTLEMENT").values_list("key", flat=True))
    for batch in batches:
        assert len(known & {one.key for one in batch}) in (0, BATCH)
    assert verify("--full")[0] == 0

    new = sum(booked(post_many(batch)) for batch in batches)

    assert new == len(batches) * BATCH - len(known)
    assert book.balance(REVENUE) == len(batches) * BATCH == Entry.objects.filter(credit_account__code=REVENUE).count()
    assert verify("--full")[0] == 0


@committing
@pytest.mark.parametrize("statements", [1, 2, 3, 4])
def test_a_poster_that_is_killed_between_its_statements(statements: int, book: Book) -> None:
    batches = batches_of(book, 2)
    reached, says = os.pipe()

    def work() -> None:
        with stopping_after(statements, says):
            for batch in batches:
                post_many(batch)

    poster = Poster(work)
    assert os.read(reached, 1) == b"!"
    poster.kill()

    assert Transaction.objects.count() == BATCH * (statements // 2)  # the second of two commits
    assert_whole(book, batches)


@committing
def test_posters_that_are_killed_at_any_moment(book: Book) -> None:
    batches, chance = batches_of(book, 60), random.Random(20261121)

    def work() -> int:
        return sum(booked(post_many(batch)) for batch in batches)

    for _ in range(5):
        posters = [Poster(work), Poster(work)]
        time.sleep(chance.uniform(0.05, 0.35))  # the moment is what is left to chance
        for poster in posters:
            poster.kill()
        assert verify("--full")[0] == 0

    assert Transaction.objects.count() > 0
    assert_whole(book, batches)


def test_a_server_that_is_killed_in_the_middle(django_db_blocker: Any) -> None:
    with open_folder() as folder, django_db_blocker.unblock():
        server = EmbeddedPostgres(folder / "postgres", binaries=environment["PG_BIN"])
        try:
            server.acquire()
            server.ensure_database(DATABASE_NAME)
            with database_at(server.url(DATABASE_NAME)), acting_as("test", "pytest"):
                call_command("migrate", interactive=False, verbosity=0)
                _kill_in_the_middle(server)
        finally:
            server.release()


def _kill_in_the_middle(server: EmbeddedPostgres) -> None:
    define_asset("KES", name="Kenyan shilling", kind=AssetKind.FIAT, scale=4, payable_scale=2)
    book = Book(create_program(name="Acme", slug="acme", at=timezone.now()))
    batches = batches_of(book, 200)

    def work(own: list[list[Posting]]) -> int:
        return sum(booked(post_many(batch)) for batch in own)

    posters = [Poster(lambda own=own: work(own)) for own in (batches[:100], batches[100:])]  # type: ignore[misc]
    until(lambda: Transaction.objects.count() > 3 * BATCH, "some are booked")
    leader = postmaster_of(server)
    all_of_it = {leader, *children_of(leader)}
    kill(*all_of_it)
    until(lambda: not any(map(lives, all_of_it)), "nothing of the server is left")
    connections.close_all()
    for poster in posters:
        os.close(poster.reading)
        os.waitpid(poster.pid, 0)

    server.acquire()

    assert 3 * BATCH < Transaction.objects.count() < 200 * BATCH, "in the middle"
    assert_whole(book, batches)
