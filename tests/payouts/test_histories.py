"""Thousands of histories at random: rails that lie, die and repeat themselves, and people who retry, release and stop.

Whatever happens, at the end: nobody was sent more than they were owed but by the rail's own fault, which then stands as
a finding and is taken back from what is due; nothing is lost; rows, books and the till agree. A history is replayed by
its seed, which stands in the failure.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from django.db import transaction
from django.utils import timezone

from affiliates.models import PayoutMethod
from affiliates.operations import retire_method
from audit.errors import DomainError
from payouts import operations
from payouts.models import Attempt, Payout, PayoutBatch
from payouts.proposable.outcomes import propose_outcome
from payouts.states import AttemptState, PayoutState
from tests.payouts.house import House
from tests.payouts.test_sending import agree
from tests.payouts.till import TILL
from wallets.rails.sending import Order, Paid, Refused

pytestmark = pytest.mark.django_db

STEPS: Final = 40
HISTORIES: Final = 10  # thousands with --torture
TORTURE: Final = 2_000
WAYS: Final = (
    "paid",
    "paid",
    "paid",
    "accepted",
    "accepted_paid",
    "refused",
    "unclear",
    "unclear_paid",
    "dies",
    "dies_paid",
)


class History:
    """One house, and what happens in it by chance."""

    length = STEPS
    payees: Sequence[str] = ("ada", "bea", "cyd")
    steps: Sequence[str] = (
        "earn", "batch", "batch", "send", "send", "send", "ask", "ask", "hear", "hear", "retry", "release",
        "exclude", "stop", "lapse", "declare", "recall", "move",
    )  # fmt: skip

    def __init__(self, house: House, seed: int) -> None:
        self.house, self.seed, self.chance = house, seed, random.Random(seed)
        self.earned: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.told: list[str] = []
        self.whose: dict[str, str] = {}
        self.batches: list[PayoutBatch] = []
        TILL.most = Decimal(self.chance.choice((50, 200, 250_000)))
        TILL.behaves = self._behaves
        TILL.answers = lambda order: self.chance.choice(("truth", "truth", "silent", "waiting"))

    def _behaves(self, order: Order) -> str:
        # Several threads call: which of them draws first is nobody's choice, so each draws by whom and how much.
        drawn = random.Random(f"{self.seed}:{len(self.told)}:{self.whose[order.destination]}:{order.amount}")
        return drawn.choice(WAYS)

    def go(self, steps: int) -> None:
        for name in self.payees:
            self.earn(name)
        self.fund()
        for _ in range(steps):
            step = self.chance.choice(self.steps)
            self.told.append(step)
            try:
                getattr(self, step)()
            except DomainError:
                continue
            except KeyboardInterrupt:
                self.told.append("died")
        self.end()

    def fund(self) -> None:
        self.house.funds("100000")

    def earn(self, name: str = "") -> None:
        name = name or self.chance.choice(self.payees)
        amount = self.chance.choice((20, 75, 120, 333))
        affiliate = self.house.earns(name, str(amount))
        self.whose |= {method.destination: name for method in PayoutMethod.objects.filter(affiliate=affiliate)}
        self.earned[name] += amount

    def batch(self) -> None:
        batch = self.house.collected()
        self.house.do("submit_batch", batch, reason="x", by=self.house.maker, waits_for_float=True)
        self.batches.append(batch)
        if self.chance.random() < 0.85:
            self.house.agree(batch)
            if self.chance.random() < 0.85:
                self.house.do("execute_batch", batch, by=self.house.maker)

    def send(self) -> None:
        self.house.send(groups=self.chance.choice((1, 2, None)))

    def ask(self) -> None:
        self.house.ask(after=timedelta(minutes=self.chance.choice((6, 70, 3_000))))

    def hear(self) -> None:
        """The till says something of an attempt, whenever it likes; and at times what is not so."""
        attempts = list(Attempt.objects.filter(called_at__isnull=False).order_by("pk"))
        if not attempts:
            return
        attempt = self.chance.choice(attempts)
        is_paid = attempt.reference in TILL.paid
        if self.chance.random() < 0.1 and is_paid:
            operations.record_answers([(attempt.pk, Refused(code="1", reason="A lie."))], at=timezone.now())
        elif is_paid:
            paid = Paid(receipt=f"R-{attempt.reference}", amount=TILL.paid[attempt.reference][1])
            operations.record_answers([(attempt.pk, paid)], at=timezone.now())
        elif self.chance.random() < 0.5:
            operations.record_answers([(attempt.pk, Refused(code="1", reason="No."))], at=timezone.now())

    def _some(self, *states: PayoutState) -> Payout | None:
        found = list(Payout.objects.filter(state__in=states).order_by("pk"))
        return self.chance.choice(found) if found else None

    def _with(self, verb: str, *states: PayoutState, **more: Any) -> None:
        payout = self._some(*states)
        if payout is not None:
            self.house.do(verb, payout, reason="x", **more)

    def retry(self) -> None:
        self._with("retry_payout", PayoutState.FAILED)

    def release(self) -> None:
        self._with("release_payout", PayoutState.FAILED)

    def exclude(self) -> None:
        self._with("exclude_payout", PayoutState.READY, PayoutState.HELD, by=self.house.maker)

    def stop(self) -> None:
        operations.pull_brake(self.house.program, reason="x", at=timezone.now())
        self.house.send()
        operations.let_go_of_brake(self.house.program.pk, reason="x", at=timezone.now())

    def lapse(self) -> None:
        if self.chance.random() < 0.2:
            operations.lapse_batches(at=timezone.now() + timedelta(days=60))

    def recall(self) -> None:
        if self.batches:
            batch = self.chance.choice(self.batches)
            self.house.do("recall_batch", batch, reason="x", by=self.house.maker)
            self.house.do("cancel_batch", batch, reason="x", by=self.house.maker)

    def move(self) -> None:
        """A payee takes another destination, and the old one is gone."""
        if self.chance.random() < 0.2:
            methods = list(PayoutMethod.objects.live().order_by("pk"))
            if methods:
                retire_method(self.chance.choice(methods).pk, program_id=self.house.program.pk, at=timezone.now())

    def declare(self) -> None:
        """Two people say what came of one of which nobody knows: they have looked, so it is the truth."""
        attempt = Attempt.objects.filter(state=AttemptState.UNKNOWN).order_by("pk").first()
        if attempt is None:
            return
        self.say(attempt, receipt=f"R-{attempt.reference}" if attempt.reference in TILL.paid else "")

    def say(self, attempt: Attempt, *, receipt: str) -> None:
        proposal = propose_outcome(
            attempt.pk, program=self.house.program, outcome="PAID" if receipt else "FAILED", receipt=receipt,
            evidence="The rail's own book", by=self.house.maker, at=timezone.now(),
        )  # fmt: skip
        agree(self.house, proposal)

    def end(self) -> None:
        """Everybody says the truth now, and what is open is settled."""
        TILL.behaves, TILL.answers = (lambda order: "paid"), (lambda order: "truth")
        for _ in range(6):
            self.house.send()
            for attempt in Attempt.objects.exclude(called_at=None):
                if attempt.reference in TILL.paid:
                    paid = Paid(receipt=f"R-{attempt.reference}", amount=TILL.paid[attempt.reference][1])
                    operations.record_answers([(attempt.pk, paid)], at=timezone.now())
                elif attempt.state in (AttemptState.STORED, AttemptState.SENT, AttemptState.UNKNOWN):
                    no = Refused(code="1", reason="Not in the till's book.")
                    operations.record_answers([(attempt.pk, no)], at=timezone.now())
        operations.sweep_batches(at=timezone.now())

    def require_order(self) -> None:
        house = self.house
        house.require_order()
        assert not Attempt.objects.in_flight().exists()
        assert len(TILL.calls) == len(set(TILL.calls)), "one reference was sent twice"
        # What left the till is what the books say has left.
        left = Decimal(100_000) - sum((amount for _, amount in TILL.paid.values()), Decimal(0))
        assert house.books() == {"float": f"{left.normalize():f}", "in_flight": "0", "fees": "0"}
        for name, earned in self.earned.items():
            affiliate = house.troupe.affiliates[name]
            paid = sum(
                (TILL.paid[a.reference][1] for a in Attempt.objects.filter(payout__affiliate=affiliate)
                 if a.reference in TILL.paid), Decimal(0),
            )  # fmt: skip
            assert Decimal(house.troupe.owed(name)) == earned - paid, "what is owed is what was not paid"
        for payout in Payout.objects.filter(state=PayoutState.PAID):
            confirmed = payout.attempts.filter(state=AttemptState.CONFIRMED)
            twice = confirmed.count() - payout.parts.count()
            assert twice == confirmed.filter(trouble="PAID_TWICE").count(), "a second payment is a finding"
            assert twice == 0 or confirmed.exclude(trouble="").exists()


def play(history: History) -> None:
    try:
        history.go(history.length)
        history.require_order()
    except Exception as broken:
        raise AssertionError(f"seed {history.seed}: {' '.join(history.told)}") from broken


def seeds_of(request: pytest.FixtureRequest, number: int, *, histories: int) -> Iterator[int]:
    """Yield the seeds of a test's histories, in each of which nothing of another is left."""
    option = request.config.getoption
    rounds = (option("--rounds") or (TORTURE if option("--torture") else histories)) // histories
    first = int(timezone.now().strftime("%y%m%d")) * 10_000 + number * rounds
    for seed in [option("--seed")] if option("--seed") is not None else range(first, first + rounds):
        with transaction.atomic():
            yield seed
            transaction.set_rollback(True)


# One test each: a long transaction keeps others' journals from being sealed.
@pytest.mark.parametrize("number", range(HISTORIES))
def test_whatever_happens_nobody_is_paid_twice_and_nothing_is_lost(
    house_of_two: House, request: pytest.FixtureRequest, number: int
) -> None:
    for seed in seeds_of(request, number, histories=HISTORIES):
        play(History(house_of_two, seed))
        house_of_two.troupe.affiliates.clear()
        house_of_two.troupe.members.clear()
        TILL.reset()
