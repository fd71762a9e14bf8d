"""A set of books to post into, spoken to in codes and strings."""

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any

from django.db.models import Sum
from django.utils import timezone

from identity.models import Program
from ledger.models import Account, Balance
from ledger.movements import Booked, Movement, Posting
from ledger.operations import open_account, post

Leg = tuple[str, str, str] | tuple[str, str, str, str]  # debit, credit, amount and perhaps another asset


@dataclass
class Book:
    """One program's accounts, opened when they are first named."""

    program: Program
    asset: str = "KES"
    accounts: dict[tuple[str, str], Account] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: count(1))

    def account(self, code: str, asset: str = "") -> Account:
        named = (code, asset or self.asset)
        if named not in self.accounts:
            self.accounts[named] = open_account(code, program=self.program, asset_code=named[1], at=timezone.now())
        return self.accounts[named]

    def asked(self, kind: str, *legs: Leg, key: str = "", **more: Any) -> Posting:
        movements = tuple(
            Movement(self.account(leg[0], *leg[3:]).pk, self.account(leg[1], *leg[3:]).pk, Decimal(leg[2]))
            for leg in legs
        )
        key = key or f"key-{next(self.numbers)}"
        return Posting(program_id=self.program.pk, key=key, kind=kind, movements=movements, **more)

    def post(self, kind: str, *legs: Leg, key: str = "", **more: Any) -> Booked:
        return post(self.asked(kind, *legs, key=key, **more))

    def balance(self, code: str, asset: str = "") -> Decimal:
        amount = Balance.objects.filter(account=self.account(code, asset)).aggregate(sum=Sum("amount"))["sum"]
        return Decimal(amount)

    def standing(self) -> dict[tuple[str, str], Decimal]:
        """Every account that is not at zero."""
        amounts = {named: self.balance(*named) for named in self.accounts}
        return {named: amount for named, amount in amounts.items() if amount}
