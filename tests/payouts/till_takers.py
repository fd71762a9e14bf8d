"""People who take money out of their wallets through the till, spoken to by name and in strings."""

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any

from django.utils import timezone

from identity.models import User
from identity.states import Role
from ledger.money import ZERO
from ledger.queries.holds import reserved_and_held
from payouts.models import Attempt, Payout
from tests.conftest import member
from tests.factories import UserFactory
from tests.payouts.conftest import _let_them_vote
from tests.payouts.house import House
from tests.wallets.purses import Purses
from wallets import operations
from wallets.models import Withdrawal
from wallets.queries.integrity import Scope, verify_wallet_integrity

PHONE = "254712000001"


@dataclass
class Takers:
    """A house that pays, owners of wallets, and somebody who approves what they take out."""

    house: House
    purses: Purses
    keeper: User
    numbers: Any = field(default_factory=lambda: count(1))

    def asks(
        self, name: str, amount: str, *, to: str = PHONE, key: str = "", asset: str = "KES", **more: Any
    ) -> Withdrawal:
        """Ask to take ``amount`` out."""
        asked: dict[str, Any] = {"kind": "MPESA", "destination": to, "at": timezone.now(), **more}
        return operations.request_withdrawal(
            self.purses.wallet(name, asset).pk, program_id=self.purses.program.pk, amount=Decimal(amount),
            key=key or f"out-{next(self.numbers)}", **asked,
        )  # fmt: skip

    def do(self, verb: str, withdrawal: Withdrawal, **more: Any) -> Withdrawal:
        """Approve, reject or cancel it."""
        if verb == "approve":
            more.setdefault("by", self.keeper)
        operation = getattr(operations, f"{verb}_withdrawal")
        operation(withdrawal.pk, program_id=self.purses.program.pk, at=timezone.now(), **more)
        withdrawal.refresh_from_db()
        return withdrawal

    def takes(self, name: str, amount: str, **more: Any) -> Withdrawal:
        """Ask, and have it approved."""
        return self.do("approve", self.asks(name, amount, **more))

    def stands(self, withdrawal: Withdrawal) -> list[str]:
        """Return how a withdrawal stands, its hold, and its line in the wallet with what that left."""
        fresh = Withdrawal.objects.select_related("hold", "wallet_transaction").get(pk=withdrawal.pk)
        line = fresh.wallet_transaction
        left = "" if line.balance_after is None else f" {line.balance_after.normalize():f}"
        return [fresh.state, fresh.hold.state, f"{line.status}{left}"]

    def payout(self, withdrawal: Withdrawal) -> Payout:
        return Payout.objects.exclude(state="EXCLUDED").get(withdrawal=withdrawal)

    def attempt(self, withdrawal: Withdrawal, number: int = 1) -> Attempt:
        return Attempt.objects.get(payout__withdrawal=withdrawal, number=number)

    def lines(self, name: str) -> list[str]:
        """Return the booked lines of a wallet: of what kind, by how much, what is owed more by it, and what is left."""
        rows = self.purses.wallet(name).transactions.filter(status="COMPLETED").order_by("number")
        return [
            f"{row.type} {'+' if row.is_credit else '-'}{row.amount.normalize():f} {row.owed_change.normalize():f} "
            f"{(row.balance_after or ZERO).normalize():f}"
            for row in rows
        ]

    def require_order(self) -> None:
        """Hold that payouts, wallets, holds and books agree, as they are asked at night."""
        program_id = self.purses.program.pk
        self.house.require_order()
        assert list(verify_wallet_integrity(Scope(program_id=program_id))) == []
        assert [one for one in reserved_and_held(program_id=program_id) if one.amount != one.held] == []


def takers_of(house: House) -> Takers:
    """Return people with wallets in a house that pays, each of whom has 100."""
    takers = takers_without(house)
    for name in ("ann", "ben"):
        takers.purses.do("top_up", name, "100", rail=house.account.name)
    house.funds("1000")
    return takers


def takers_without(house: House) -> Takers:
    """Return the same, with nothing in their wallets."""
    keeper = member(UserFactory(email="kim@example.com", name="Kim"), house.program, Role.FINANCE_MAKER)
    _let_them_vote(keeper)
    return Takers(house, Purses(house.program), keeper)
