"""Any sequence of settlements, refunds, wins, holds, voids, payouts and adjustments keeps rows and books agreed.

The model is plain: what each row of a family earned, what part of its settlement was taken back, which rows are out.
"""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from affiliates import operations
from affiliates.errors import CommissionAdjustmentNeedsTwo
from affiliates.models import Commission, Settlement
from affiliates.states import CommissionState
from audit.context import acting_as
from audit.errors import DomainError
from tests.affiliates.conftest import troupe_of
from tests.affiliates.troupe import Troupe
from tests.factories import ProgramFactory

SCALE = Decimal("0.0001")
AMOUNTS = st.decimals(min_value=Decimal("0.0001"), max_value=Decimal("5000"), places=4)
NAMES = ("ada", "bea", "cy")


def part(amount: Decimal, taken: Decimal, base: Decimal) -> Decimal:
    """Return the part of an amount, rounded as money is."""
    return (amount * taken / base).quantize(SCALE, rounding=ROUND_HALF_EVEN)


pytestmark = pytest.mark.django_db


class Earnings(RuleBasedStateMachine):
    """Bea under Ada, Cy alone; one member of each."""

    settlements: Any = Bundle("settlements")

    def __init__(self) -> None:
        super().__init__()
        self.acting = acting_as("test", "machine")
        self.acting.__enter__()
        self.troupe: Troupe = troupe_of(ProgramFactory())
        self.troupe.affiliate("ada")
        self.troupe.affiliate("bea", under="ada")
        self.troupe.affiliate("cy")
        for name in NAMES:
            self.troupe.member(f"{name}s-member", by=name)
        self.earned: dict[tuple[Any, str], Decimal] = {}
        self.taken: dict[Any, Decimal] = {}
        self.voided: set[tuple[Any, str]] = set()
        self.paid: dict[str, Decimal] = dict.fromkeys(NAMES, Decimal(0))
        self.adjusted: dict[str, Decimal] = dict.fromkeys(NAMES, Decimal(0))
        self.seller: dict[Any, str] = {}

    def teardown(self) -> None:
        self.troupe.require_order()
        operations.fold_tallies()
        self.troupe.require_order()
        self.acting.__exit__(None, None, None)

    @rule(target=settlements, name=st.sampled_from(NAMES), amount=AMOUNTS)
    def settle(self, name: str, amount: Decimal) -> Settlement:
        settlement = self.troupe.settle(f"{name}s-member", f"{amount:f}")
        key = settlement.pk
        self.earned[key, "DIRECT"] = part(amount, Decimal("0.1"), Decimal(1))
        if name == "bea":
            self.earned[key, "OVERRIDE"] = part(amount, Decimal("0.02"), Decimal(1))
        self.taken[key], self.seller[key] = Decimal(0), name
        return settlement

    @rule(settlement=settlements, share=st.sampled_from(["0.1", "0.333", "0.5", "1"]))
    def reverse(self, settlement: Settlement, share: str) -> None:
        left = settlement.amount - self.taken[settlement.pk]
        amount = (left * Decimal(share)).quantize(SCALE)
        if amount > 0:
            self.troupe.reverse(settlement, f"{amount:f}")
            self.taken[settlement.pk] += amount

    @rule(settlement=settlements, share=st.sampled_from(["0.25", "1"]))
    def win(self, settlement: Settlement, share: str) -> None:
        amount = (self.taken[settlement.pk] * Decimal(share)).quantize(SCALE)
        if amount > 0:
            self.troupe.win(settlement, f"{amount:f}")
            self.taken[settlement.pk] -= amount

    @rule(settlement=settlements)
    def reverse_too_much(self, settlement: Settlement) -> None:
        left = settlement.amount - self.taken[settlement.pk]
        with pytest.raises(DomainError):
            self.troupe.reverse(settlement, f"{left + SCALE:f}")

    @rule(settlement=settlements, kind=st.sampled_from(["DIRECT", "OVERRIDE"]))
    def hold(self, settlement: Settlement, kind: str) -> None:
        for row in Commission.objects.filter(settlement=settlement, type=kind):
            self.troupe.change("hold", row)

    @rule(settlement=settlements, kind=st.sampled_from(["DIRECT", "OVERRIDE"]))
    def release(self, settlement: Settlement, kind: str) -> None:
        for row in Commission.objects.filter(settlement=settlement, type=kind):
            self.troupe.change("release", row)

    @rule()
    def mature(self) -> None:
        self.troupe.mature()

    @rule(settlement=settlements, kind=st.sampled_from(["DIRECT", "OVERRIDE"]))
    def void(self, settlement: Settlement, kind: str) -> None:
        for row in Commission.objects.filter(settlement=settlement, type=kind):
            if row.state in (CommissionState.PAID, CommissionState.VOIDED):
                return
            operations.void_commission(
                row.pk, program_id=self.troupe.program.pk, reason="never earned", at=timezone.now()
            )
            self.voided.add((settlement.pk, kind))

    @rule(name=st.sampled_from(NAMES), is_paid=st.booleans())
    def pay_out(self, name: str, *, is_paid: bool) -> None:
        self.paid[name] += self.troupe.pay_out(name, is_paid=is_paid)

    @rule(name=st.sampled_from(NAMES), amount=st.sampled_from(["5", "-3", "0.0001"]))
    def adjust(self, name: str, amount: str) -> None:
        try:
            operations.adjust_commission(
                self.troupe.affiliate(name).pk, program_id=self.troupe.program.pk, asset_code="KES",
                amount=Decimal(amount), reason="put right", key=f"adjust-{next(self.troupe.numbers)}",
                at=timezone.now(),
            )  # fmt: skip
        except CommissionAdjustmentNeedsTwo:
            return
        self.adjusted[name] += Decimal(amount)

    @invariant()
    def what_is_owed_is_what_was_earned(self) -> None:
        owed = {name: self.adjusted[name] - self.paid[name] for name in NAMES}
        for (key, kind), amount in self.earned.items():
            if (key, kind) in self.voided:
                continue
            settlement = Settlement.objects.get(pk=key)
            name = self.seller[key] if kind == "DIRECT" else "ada"
            owed[name] += amount - part(amount, self.taken[key], settlement.amount)
        assert {name: Decimal(self.troupe.owed(name)) for name in NAMES} == owed

    @invariant()
    def rows_books_and_figures_agree(self) -> None:
        self.troupe.require_order()


@pytest.mark.usefixtures("assets")
def test_any_sequence_keeps_families_whole() -> None:
    run_state_machine_as_test(
        Earnings,
        settings=settings(
            max_examples=20, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
