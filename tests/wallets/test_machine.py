"""A thousand arbitrary days of several wallets, against a few lines of arithmetic, refusals included."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from audit.errors import DomainError
from ledger.operations import open_account
from tests.factories import ProgramFactory
from tests.wallets.purses import RAIL, Purses

NAMES = ("ann", "ben", "shop")
NAME = st.sampled_from(NAMES)
AMOUNT = st.decimals("0.0001", "30", places=4)
SOME = st.integers(0, 50)


@dataclass
class Purse:
    """What a wallet should hold, and the lines that should say so."""

    there: Decimal = Decimal(0)
    held: Decimal = Decimal(0)
    owed: Decimal = Decimal(0)
    is_frozen: bool = False
    lines: list[tuple[str, Decimal, Decimal]] = field(default_factory=list)

    def say(self, kind: str, change: Decimal) -> None:
        self.lines.append((kind, change, self.there + self.held))

    def give(self, kind: str, amount: Decimal) -> None:
        self.there += amount
        self.say(kind, amount)
        self.repay(amount)

    def repay(self, at_most: Decimal) -> None:
        repaid = min(at_most, self.owed)
        if repaid:
            self.owed, self.there = self.owed - repaid, self.there - repaid
            self.say("REPAYMENT", -repaid)

    def take(self, kind: str, amount: Decimal) -> str:
        if self.is_frozen:
            return "account_frozen"
        if self.there < amount:
            return "insufficient_funds"
        self.there -= amount
        self.say(kind, -amount)
        return "done"

    def charge_back(self, amount: Decimal) -> None:
        taken = min(self.there, amount)
        self.there, self.owed = self.there - taken, self.owed + amount - taken
        self.say("CHARGEBACK", -taken)


@dataclass
class Paid:
    """A payment, and what should be left of it."""

    record: Any
    payer: str
    payee: str  # empty: the house
    left: Decimal


@dataclass
class Held:
    """A hold, and what should be left of it."""

    hold: Any
    owner: str
    left: Decimal
    is_open: bool = True


class Days(RuleBasedStateMachine):
    """Everything that can be done with wallets, in any order."""

    @initialize()
    def open_the_books(self) -> None:
        program = ProgramFactory(default_asset_code="KES")
        for part in ("clearing", "float"):
            open_account(f"rail:{RAIL}:{part}", program=program, asset_code="KES", at=timezone.now())
        self.purses = Purses(program)
        self.model = {name: Purse() for name in NAMES}
        self.payments: list[Paid] = []
        self.holds: list[Held] = []
        self.codes = {name: self.purses.wallet(name).account.code for name in NAMES}

    def outcome(self, act: Any) -> tuple[str, Any]:
        try:
            return "done", act()
        except DomainError as refusal:
            return refusal.code, None

    @rule(verb=st.sampled_from(["top_up", "issue_bonus"]), name=NAME, amount=AMOUNT)
    def something_comes(self, verb: str, name: str, amount: Decimal) -> None:
        self.purses.do(verb, name, str(amount))
        self.model[name].give("DEPOSIT" if verb == "top_up" else "BONUS", amount)

    @rule(name=NAME, amount=AMOUNT)
    def spend(self, name: str, amount: Decimal) -> None:
        key = f"spend-{next(self.purses.numbers)}"
        expected = self.model[name].take("SPEND", amount)
        said, first = self.outcome(lambda: self.purses.do("spend", name, str(amount), key=key))
        assert said == expected
        if first:
            assert self.purses.do("spend", name, str(amount), key=key) == first

    @rule(one=NAME, other=NAME, amount=AMOUNT)
    def transfer(self, one: str, other: str, amount: Decimal) -> None:
        to = self.purses.wallet(other).pk
        said, _ = self.outcome(lambda: self.purses.do("transfer", one, str(amount), to=to))
        if one == other:
            assert said == "transfer_to_self"
            return
        assert said == self.model[one].take("TRANSFER", amount)
        if said == "done":
            self.model[other].give("TRANSFER", amount)

    @rule(one=NAME, other=st.sampled_from(("", *NAMES)), amount=AMOUNT)
    def pay(self, one: str, other: str, amount: Decimal) -> None:
        payee = self.codes.get(other, "")
        said, record = self.outcome(lambda: self.purses.do("pay_from_wallet", one, str(amount), payee=payee))
        if one == other:
            assert said == "not_a_payee"
            return
        assert said == self.model[one].take("PAYMENT", amount)
        if said == "done":
            self.payments.append(Paid(record, one, other, amount))
            if other:
                self.model[other].give("PAYMENT", amount)

    @rule(which=SOME, amount=AMOUNT, whole=st.booleans(), to_rail=st.booleans())
    def refund(self, which: int, amount: Decimal, whole: bool, to_rail: bool) -> None:
        if not self.payments:
            return
        paid = self.payments[which % len(self.payments)]
        asked = paid.left if whole else amount
        rail = {"rail": RAIL} if to_rail else {}
        said, _ = self.outcome(lambda: self.purses.of("refund", paid.record, None if whole else str(amount), **rail))
        payee = self.model.get(paid.payee)
        if not paid.left:
            assert said == "not_refundable"
        elif asked > paid.left:
            assert said == "refund_too_large"
        elif payee and payee.there < asked:
            assert said == "insufficient_funds"
        else:
            assert said == "done"
            paid.left -= asked
            if payee:
                payee.there -= asked
                payee.say("REFUND", -asked)
            if not to_rail:
                self.model[paid.payer].give("REFUND", asked)

    @rule(name=NAME, amount=AMOUNT)
    def hold(self, name: str, amount: Decimal) -> None:
        purse = self.model[name]
        said, hold = self.outcome(lambda: self.purses.do("hold", name, str(amount)))
        if purse.is_frozen or purse.there < amount:
            assert said == ("account_frozen" if purse.is_frozen else "insufficient_funds")
            return
        purse.there, purse.held = purse.there - amount, purse.held + amount
        self.holds.append(Held(hold, name, amount))

    @rule(which=SOME, amount=AMOUNT, whole=st.booleans(), other=st.sampled_from(("", "shop")))
    def capture(self, which: int, amount: Decimal, whole: bool, other: str) -> None:
        if not self.holds:
            return
        held = self.holds[which % len(self.holds)]
        asked = held.left if whole and held.left else amount
        payee = self.codes.get(other, "")
        said, record = self.outcome(lambda: self.purses.of("capture", held.hold, str(asked), payee=payee))
        if held.owner == other:
            assert said == "not_a_payee"
        elif asked > held.left:
            assert said == "hold_too_small"
        else:
            assert said == "done"
            purse = self.model[held.owner]
            purse.held, held.left = purse.held - asked, held.left - asked
            held.is_open = bool(held.left)
            purse.say("PAYMENT", -asked)
            self.payments.append(Paid(record, held.owner, other, asked))
            if other:
                self.model[other].give("PAYMENT", asked)

    @rule(which=SOME)
    def release(self, which: int) -> None:
        if not self.holds:
            return
        held = self.holds[which % len(self.holds)]
        said, _ = self.outcome(lambda: self.purses.of("release", held.hold))
        purse = self.model[held.owner]
        if held.is_open:
            assert said == "done"
            purse.held, purse.there = purse.held - held.left, purse.there + held.left
            purse.repay(held.left)
            held.left, held.is_open = Decimal(0), False

    @rule(name=NAME, amount=AMOUNT)
    def charge_back(self, name: str, amount: Decimal) -> None:
        self.purses.do("charge_back", name, str(amount))
        self.model[name].charge_back(amount)

    @rule(name=NAME)
    def freeze_or_thaw(self, name: str) -> None:
        purse = self.model[name]
        self.purses.do("unfreeze" if purse.is_frozen else "freeze", name)
        purse.is_frozen = not purse.is_frozen

    @invariant()
    def wallets_are_as_the_model_says(self) -> None:
        if hasattr(self, "codes"):
            for name, purse in self.model.items():
                assert self.purses.has(name) == [purse.there, purse.held, purse.owed]

    def teardown(self) -> None:
        if hasattr(self, "codes"):
            for name, purse in self.model.items():
                assert self.purses.lines(name) == purse.lines
            for paid in self.payments:
                paid.record.refresh_from_db()
                assert paid.record.left == paid.left
            assert self.purses.differences() == []


@pytest.mark.django_db
@pytest.mark.usefixtures("acting", "assets")
def test_any_days_end_as_arithmetic_says() -> None:
    run_state_machine_as_test(
        Days,
        settings=settings(
            max_examples=20, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
