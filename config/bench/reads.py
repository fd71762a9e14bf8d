"""How long answers take when the ledger is large: now, as of any time on both axes, page by page, and all accounts."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from django.db.models import Sum
from django.db.models.functions import Coalesce

from config.bench.frame import Benchmark, Contender, Figure, Timed
from config.bench.grown import Grown
from ledger.models import Account, Entry
from ledger.queries.balances import balance_booked_at, balance_effective_at, balance_now
from ledger.queries.statements import statement
from ledger.queries.trial_balance import trial_balance

ASKED: Final = 300
BALANCE_MS: Final = 5
PAGE_MS: Final = 20
TRIAL_BALANCE_MS: Final = 2_000
PAGE: Final = 50


@contextmanager
def _contenders(books: Grown) -> Iterator[Sequence[Contender | Timed]]:
    chance = random.Random(books.entries)  # noqa: S311  (no secret)
    # Which account is asked about was looked up before, as it is by whoever asks.
    ring = list(Account.objects.filter(pk__in=chance.sample(books.ring, min(ASKED, len(books.ring)))))
    busy, striped = Account.objects.get(pk=books.busy), Account.objects.get(pk=books.expense)

    def at() -> datetime:
        return books.began_at + (books.ended_at - books.began_at) * chance.random()

    def page(account: Account) -> None:
        statement(account, after=at(), until=books.ended_at, limit=PAGE)

    def everything(*, effective: bool) -> None:
        trial_balance(program_id=books.program.pk, at=at(), effective=effective)

    timed = [
        Timed(f"{what}, {which}", ASKED, lambda ask=ask, whom=whom: ask(chance.choice(whom)), limit)  # type: ignore[misc]
        for which, whom in (("any account", ring), ("the busiest account", [busy]), ("a striped account", [striped]))
        for what, ask, limit in (
            ("balance now", balance_now, BALANCE_MS),
            ("balance as booked", lambda account: balance_booked_at(account, at=at()), BALANCE_MS),
            ("balance by value date", lambda account: balance_effective_at(account, at=at()), BALANCE_MS),
            (f"statement, {PAGE} lines", page, PAGE_MS),
        )
    ]
    timed += [
        Timed("trial balance as booked", 7, lambda: everything(effective=False), TRIAL_BALANCE_MS),
        Timed("trial balance by value date", 7, lambda: everything(effective=True), TRIAL_BALANCE_MS),
    ]
    yield (
        Contender("balance by value date", 20, _repeat(20, lambda: balance_effective_at(busy, at=at()))),
        Contender("adding up the account", 1, lambda: _add_up(busy, at())),
        *timed,
    )


def _repeat(times: int, do: Callable[[], object]) -> Callable[[], None]:
    def all_of_them() -> None:
        for _ in range(times):
            do()

    return all_of_them


def _add_up(account: Account, at: datetime) -> None:
    """As it is done where nothing is kept."""
    for entries in (Entry.objects.filter(debit_account=account), Entry.objects.filter(credit_account=account)):
        counting = entries.annotate(at=Coalesce("transaction__effective_at", "booked_at")).filter(at__lte=at)
        list(counting.aggregate(sum=Sum("amount")))


READS = Benchmark(
    name="reads",
    question="How long do answers take over the grown ledger, and how much longer would adding up take?",
    contenders=_contenders,
    needs_books=True,
    figures=(Figure("a balance of the busiest account", "balance by value date", "adding up the account", 50),),
)
