"""A thousand arbitrary days: the books against a dozen lines of arithmetic, refusals included."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from ledger.errors import PostingRefused
from ledger.models import Balance, Entry
from ledger.movements import Posting
from ledger.operations import change_account_status, post, post_many, reverse, verify_books
from ledger.queries.verification import Scope
from ledger.states import AccountStatus
from tests.factories import ProgramFactory
from tests.ledger.books import Book

WALLETS = ("a", "b")
AMOUNTS = st.decimals("0.0001", "50", places=4)
KINDS = ("TOPUP", "SPEND", "TRANSFER", "HOLD", "RELEASE", "CHARGEBACK")
PURSES = {"": "there", "reserved": "held", "owed": "owed"}
WALLET = st.sampled_from(WALLETS)


@dataclass
class Purse:
    """What a wallet should hold."""

    there: Decimal = Decimal(0)
    held: Decimal = Decimal(0)
    owed: Decimal = Decimal(0)
    is_frozen: bool = False

    def give(self, amount: Decimal) -> None:
        repaid = min(amount, self.owed)
        self.owed -= repaid
        self.there += amount - repaid


@dataclass
class Model:
    """The same books, in arithmetic. A refusal is the word for why."""

    purses: dict[str, Purse] = field(default_factory=lambda: {name: Purse() for name in WALLETS})

    def apply(self, kind: str, one: str, other: str, amount: Decimal) -> str:
        purse, to = self.purses[one], self.purses[other]
        if kind == "TRANSFER" and one == other:
            return "same_account"
        if kind in ("SPEND", "TRANSFER", "HOLD") and purse.is_frozen:
            return "account_frozen"
        source = {"SPEND": purse.there, "TRANSFER": purse.there, "HOLD": purse.there, "RELEASE": purse.held}.get(kind)
        if source is not None and source < amount:
            return "insufficient_funds"
        match kind:
            case "TOPUP":
                purse.give(amount)
            case "SPEND":
                purse.there -= amount
            case "TRANSFER":
                purse.there -= amount
                to.give(amount)
            case "HOLD":
                purse.there, purse.held = purse.there - amount, purse.held + amount
            case "RELEASE":
                purse.held -= amount
                purse.give(amount)
            case "CHARGEBACK":
                taken = min(purse.there, amount)
                purse.there, purse.owed = purse.there - taken, purse.owed + amount - taken
        return "booked"


class Days(RuleBasedStateMachine):
    """Postings, batches, replays, reversals and freezes in any order."""

    booked = Bundle("booked")

    @initialize()
    def open_the_books(self) -> None:
        self.book = Book(ProgramFactory())
        self.model = Model()

    def asked(self, kind: str, one: str, other: str, amount: Decimal) -> Posting:
        wallet, clearing = f"wallet:{one}", "rail:mpesa:clearing"
        sides = {
            "TOPUP": (clearing, wallet), "SPEND": (wallet, "program:x:revenue"),
            "TRANSFER": (wallet, f"wallet:{other}"),
            "HOLD": (wallet, f"{wallet}:reserved"), "RELEASE": (f"{wallet}:reserved", wallet),
            "CHARGEBACK": (wallet, "rail:mpesa:float"),
        }[kind]  # fmt: skip
        return self.book.asked(kind, (*sides, str(amount)), key=uuid4().hex)

    @rule(
        target=booked, kind=st.sampled_from(KINDS),
        one=WALLET, other=WALLET, amount=AMOUNTS,
    )  # fmt: skip
    def one_posting(self, kind: str, one: str, other: str, amount: Decimal) -> Any:
        expected = self.model.apply(kind, one, other, amount)
        asked = self.asked(kind, one, other, amount)
        try:
            post(asked)
            came = "booked"
        except PostingRefused as refusal:
            came = refusal.code
        assert came == expected
        return asked if expected == "booked" else None

    @rule(steps=st.lists(st.tuples(st.sampled_from(KINDS[:3]), WALLET, WALLET, AMOUNTS), max_size=6))
    def a_batch(self, steps: list[tuple[str, str, str, Decimal]]) -> None:
        expected = [self.model.apply(*step) for step in steps]
        outcomes = post_many([self.asked(*step) for step in steps], each=True)
        assert [getattr(outcome, "code", "booked") for outcome in outcomes] == expected

    @rule(asked=booked)
    def the_same_again(self, asked: Posting | None) -> None:
        if asked is not None:
            assert post(asked).is_replay

    @rule(asked=booked)
    def taking_back_changes_all_or_nothing(self, asked: Posting | None) -> None:
        if asked is None or asked.kind not in ("SPEND", "TRANSFER"):
            return
        before = self.standing()
        original = post(asked)
        try:
            back = reverse(original.id, program_id=asked.program_id, key=f"back:{asked.key}", memo="x")
        except PostingRefused:
            assert self.standing() == before
            return
        if back.is_replay:
            assert self.standing() == before
            return
        # What it does is told entry by entry, because debts may have been repaid since.
        for entry in Entry.objects.filter(transaction=back.id).order_by("id"):
            for account, left in (
                (entry.debit_account, entry.debit_balance),
                (entry.credit_account, entry.credit_balance),
            ):
                owner, name, part = f"{account.code}:".split(":")[:3]
                if owner == "wallet":
                    setattr(self.model.purses[name], PURSES[part], left)

    @rule(one=WALLET)
    def freeze_or_thaw(self, one: str) -> None:
        purse = self.model.purses[one]
        purse.is_frozen = not purse.is_frozen
        to = AccountStatus.FROZEN if purse.is_frozen else AccountStatus.OPEN
        change_account_status(
            self.book.account(f"wallet:{one}").pk, program_id=self.book.program.pk, to=to, reason="x", at=timezone.now()
        )

    def standing(self) -> Any:
        return sorted(Balance.objects.filter(account__program=self.book.program).values_list("account__code", "amount"))

    @invariant()
    def the_books_are_as_the_model_says(self) -> None:
        if not hasattr(self, "book"):
            return
        for name, purse in self.model.purses.items():
            told = [self.book.balance(f"wallet:{name}{part}") for part in ("", ":reserved", ":owed")]
            assert told == [purse.there, purse.held, purse.owed]

    def teardown(self) -> None:
        if hasattr(self, "book"):
            for is_full in (False, True):
                scope = Scope(program_id=self.book.program.pk, is_full=is_full)
                assert not list(verify_books(scope, at=timezone.now()))


@pytest.mark.django_db
@pytest.mark.usefixtures("acting", "assets")
def test_any_days_end_as_arithmetic_says() -> None:
    run_state_machine_as_test(
        Days,
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
