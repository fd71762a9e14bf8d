"""A rail for the tests: a till that pays, and can be told to behave badly. It remembers what it has really paid."""

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from wallets.rails import Rail, RailError, register_rail
from wallets.rails.sending import (
    LADDER,
    Accepted,
    Answer,
    Desk,
    Limits,
    Order,
    Paid,
    Refused,
    Survey,
    Unclear,
    Unit,
    Waiting,
    Wire,
)

NAME = "till"


@dataclass
class Till:
    """What pays through it. ``behaves`` decides by the order what it does; without one it pays at once.

    What is in ``paid`` has left for good: it is the truth that everything else is compared with.
    """

    pays: str = "MPESA"
    counts: bool = False
    may_repeat: bool = False
    by_file: bool = False
    asks_after_accepted: Sequence[timedelta] = LADDER
    asks_after_unclear: Sequence[timedelta] = LADDER
    places: int = 0
    least: Decimal = Decimal(10)
    most: Decimal | None = Decimal(250_000)
    most_a_day: Decimal | None = None
    behaves: Callable[[Order], str] = lambda order: "paid"
    answers: Callable[[Order], str] = lambda order: "truth"
    surveys: Callable[[Sequence[Order]], Survey] = lambda orders: Survey()
    calls: list[str] = field(default_factory=list)
    paid: dict[str, tuple[str, Decimal]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    numbers: dict[int, str] = field(default_factory=dict)  # where it counts: which reference each has paid
    during: Callable[[Order], None] = lambda order: None
    _numbers: Any = field(default_factory=lambda: itertools.count(1))
    _lock: Any = field(default_factory=threading.Lock)

    def reset(self, **nature: Any) -> None:
        """Be a till again that pays everything at once and has paid nothing."""
        fresh = Till(**nature)
        for name in fresh.__dataclass_fields__:
            setattr(self, name, getattr(fresh, name))

    def limits(self, unit: Unit) -> Limits:
        return Limits(places=self.places, least=self.least, most=self.most, most_a_day=self.most_a_day)

    def checked(self, destination: str) -> str:
        return destination

    def fee(self, amount: Decimal, unit: Unit) -> Decimal | None:
        return Decimal(5)

    def survey(self, desk: Desk, orders: Sequence[Order]) -> Survey:
        return Survey(number=max(self.numbers, default=0) + 1) if self.counts else self.surveys(orders)

    def write(self, desk: Desk, order: Order, survey: Survey, *, number: int | None) -> Wire:
        return {"reference": order.reference, "number": number}

    def submit(self, desk: Desk, order: Order, wire: Wire) -> Answer:
        with self._lock:
            self.calls.append(order.reference)
        self.during(order)
        behaviour = self.behaves(order)
        if self.may_repeat and order.reference in self.paid:
            return self._shown(order)
        return self._do(order, behaviour, wire)

    def query(self, desk: Desk, order: Order, wire: Wire) -> Answer | Waiting:
        asked = self.answers(order)
        if asked == "silent":
            raise RailError("the till does not answer")
        if asked == "waiting":
            return Waiting()
        if order.reference in self.paid:
            return self._shown(order)
        return Refused(code="none", reason="The till has nothing of this name.")

    def hurry(self, desk: Desk, order: Order, wire: Wire, survey: Survey) -> Wire:
        return wire

    def float_of(self, desk: Desk, unit: Unit) -> Decimal | None:
        return None

    def _do(self, order: Order, behaviour: str, wire: Wire) -> Answer:
        if behaviour in ("paid", "accepted_paid", "unclear_paid", "dies_paid", "other_amount"):
            with self._lock:
                assert order.reference not in self.paid, "one reference is paid once"
                self.paid[order.reference] = (order.destination, order.amount)
                if self.counts:
                    assert wire["number"] not in self.numbers, "one number pays once"
                    self.numbers[wire["number"]] = order.reference
        if behaviour in ("dies", "dies_paid"):
            raise KeyboardInterrupt
        if behaviour == "paid":
            return self._shown(order)
        if behaviour == "other_amount":
            return Paid(receipt=f"R-{order.reference}", amount=order.amount - 1)
        if behaviour.startswith("accepted"):
            return Accepted(rail_reference=f"T-{order.reference}")
        if behaviour == "refused":
            self.refused.add(order.reference)
            return Refused(code="2040", reason="The payee is not registered.")
        return Unclear(reason="The till did not answer in time.")

    def _shown(self, order: Order) -> Paid:
        return Paid(receipt=f"R-{order.reference}", amount=self.paid[order.reference][1])

    def sums(self) -> Mapping[str, Decimal]:
        """Return how much it has really paid to whom."""
        found: dict[str, Decimal] = {}
        for destination, amount in self.paid.values():
            found[destination] = found.get(destination, Decimal(0)) + amount
        return found


TILL = Till()


def register(name: str = NAME, till: Till = TILL) -> None:
    """Let accounts be kept at the till, or at another."""
    number_is = "what the till is called"
    register_rail(Rail(name=name, label=name.title(), number_is=number_is, check_number=str, payer=till))
