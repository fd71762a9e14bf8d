"""Wallets, spoken to by their owners' names and in strings."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from django.utils import timezone

from audit.errors import DomainError
from audit.models import Entry as JournalEntry
from identity.models import Party, Program
from ledger.models import Account, Balance, Hold, Transaction
from ledger.movements import Movement, Posting
from ledger.operations import post, verify_books
from ledger.queries.verification import Scope as BooksScope
from tests.factories import PartyFactory
from wallets import operations
from wallets.models import Outgoing, PaymentRecord, Wallet, WalletTransaction
from wallets.queries.holdings import holding
from wallets.queries.integrity import Scope, verify_wallet_integrity

RAIL = "mpesa"


@dataclass
class Purses:
    """One program's wallets, opened when they are first named."""

    program: Program
    parties: dict[str, Party] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: count(1))

    def party(self, name: str) -> Party:
        if name not in self.parties:
            self.parties[name] = PartyFactory(program=self.program, name=name)
        return self.parties[name]

    def wallet(self, name: str, asset: str = "KES") -> Wallet:
        wallet = operations.open_wallet(
            self.party(name).pk, program_id=self.program.pk, asset_code=asset, at=timezone.now()
        )
        wallet.refresh_from_db()
        return wallet

    def do(self, verb: str, who: str, amount: str | None = None, *, asset: str = "KES", **more: Any) -> Any:
        """Do something with somebody's wallet, under a new key unless one is given."""
        if amount is not None:
            more["amount"] = Decimal(amount)
        if verb not in ("freeze", "unfreeze", "close"):
            more.setdefault("key", f"key-{next(self.numbers)}")
        if verb in ("top_up", "charge_back") and asset != "GOLD":
            more.setdefault("rail", RAIL)
        if verb in ("adjust", "charge_back", "freeze", "unfreeze", "close"):
            more.setdefault("reason", "because")
        wallet = self.wallet(who, asset)
        more.setdefault("at", timezone.now())
        return getattr(operations, verb)(wallet.pk, program_id=self.program.pk, **more)

    def of(self, verb: str, subject: Any, amount: str | None = None, **more: Any) -> Any:
        """Do something with a payment or a hold."""
        if amount is not None:
            more["amount"] = Decimal(amount)
        if verb in ("refund", "capture", "charge_back_payment", "win_charge_back"):
            more.setdefault("key", f"key-{next(self.numbers)}")
        if verb in ("refund", "charge_back_payment", "win_charge_back", "fail_payment"):
            more.setdefault("reason", "because")
        return getattr(operations, verb)(subject.pk, program_id=self.program.pk, at=timezone.now(), **more)

    def direct(self, who: str, amount: str, **more: Any) -> PaymentRecord:
        asked: dict[str, Any] = {"rail": RAIL, "asset_code": "KES", "key": f"key-{next(self.numbers)}", **more}
        return operations.record_direct_payment(
            self.party(who).pk, program_id=self.program.pk, amount=Decimal(amount), at=timezone.now(), **asked
        )

    def has(self, who: str, asset: str = "KES") -> list[int | Decimal]:
        """What is available, held and owed."""
        there = holding(self.wallet(who, asset))
        return [there.available, there.reserved, there.owed]

    def lines(self, who: str, asset: str = "KES") -> list[tuple[Any, ...]]:
        """What a wallet's lines say, the oldest first."""
        return [
            (line.type, line.amount if line.is_credit else -line.amount, line.balance_after)
            for line in self.wallet(who, asset).transactions.order_by("number")
        ]

    def account(self, code: str, asset: str = "KES") -> Account:
        """An account of the program's books."""
        return Account.objects.get(program=self.program, code=code, asset__code=asset)

    def settle(self, rail: str, amount: Decimal) -> None:
        """Let the statement of a rail say that what it has received is there."""
        there, on_its_way = (self.account(f"rail:{rail}:{part}").pk for part in ("float", "clearing"))
        key = f"key-{next(self.numbers)}"
        post(
            Posting(
                program_id=self.program.pk,
                key=key,
                kind="RAIL_SETTLED",
                movements=(Movement(there, on_its_way, amount),),
            )
        )

    def differences(self) -> list[Any]:
        asked = Scope(program_id=self.program.pk)
        books = BooksScope(program_id=self.program.pk, is_full=True)
        return [*verify_wallet_integrity(asked), *verify_books(books, at=timezone.now(), keeps=False)]

    def standing(self) -> list[Any]:
        """Everything that must not move when something is refused."""
        return [
            sorted(Balance.objects.values_list("account", "stripe", "amount", "version")),
            Transaction.objects.count(), WalletTransaction.objects.count(), JournalEntry.objects.count(),
            sorted(Wallet.objects.values_list("pk", "state", "version", "last_number", "last_transaction_at")),
            sorted(PaymentRecord.objects.values_list("pk", "state", "refunded", "charged_back", "receipt")),
            sorted(Hold.objects.values_list("pk", "state", "captured", "released")), Outgoing.objects.count(),
        ]  # fmt: skip


def refused(purses: Purses, why: type[DomainError], act: Callable[[], Any]) -> DomainError:
    """Assert that ``act`` is refused and that nothing has moved."""
    before = purses.standing()

    with pytest.raises(why) as refusal:
        act()

    assert purses.standing() == before
    assert refusal.type is why
    return refusal.value
