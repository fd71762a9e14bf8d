"""Affiliates and members, spoken to by name and in strings."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from affiliates import operations
from affiliates.models import Affiliate, Commission, Member, Purse, Rate, Reversal, Settlement, Tier
from affiliates.operations.confirm_settlements import Proof
from affiliates.queries import checking
from affiliates.states import SettlementSource
from audit.errors import DomainError
from audit.models import Entry as JournalEntry
from identity.models import Program
from ledger.models import Account, Asset, Balance, Transaction
from ledger.movements import Movement, Posting
from ledger.operations import open_account, post_many

RAIL = "pay"


def address(number: int) -> str:
    """Return the address of somebody."""
    return f"0x{number:040x}"


@dataclass
class Troupe:
    """One program's affiliates and members, taken in when they are first named."""

    program: Program
    affiliates: dict[str, Affiliate] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: count(1))

    def affiliate(self, name: str, *, under: str | None = None, **more: Any) -> Affiliate:
        if name not in self.affiliates:
            more.setdefault("is_active", True)
            self.affiliates[name] = operations.register_affiliate(
                program=self.program, name=name, code=f"{name}-{self.program.pk.hex[-8:]}",
                parent_id=self.affiliate(under).pk if under else None, at=timezone.now(), **more,
            )  # fmt: skip
        return self.affiliates[name]

    def member(self, name: str, *, by: str | None = None, **more: Any) -> Member:
        if name not in self.members:
            more.setdefault("wallet_address", address(0xA000 + next(self.numbers)))
            self.members[name] = operations.register_member(
                program=self.program, name=name, code=self.affiliate(by).code if by else "", at=timezone.now(), **more
            )
        return self.members[name]

    def expect(self, who: str, amount: str, *, asset: str = "KES", **more: Any) -> Settlement:
        more.setdefault("source_event", f"event-{next(self.numbers)}")
        more.setdefault("source", SettlementSource.PROVIDER)
        more.setdefault("rail", RAIL)
        return operations.expect_settlement(
            self.members[who], asset=Asset.objects.get(code=asset), amount=Decimal(amount), at=timezone.now(), **more
        )

    def confirm(self, settlement: Settlement, *, at: datetime | None = None, **more: Any) -> Settlement:
        now = timezone.now()
        proof = Proof(
            settlement_id=settlement.pk, program_id=self.program.pk, occurred_at=at or now,
            **{"rail": RAIL, "rail_event": settlement.pk, **more},
        )  # fmt: skip
        [outcome] = operations.confirm_settlements([proof], at=now)
        if isinstance(outcome, DomainError):
            raise outcome
        settlement.refresh_from_db()
        return settlement

    def settle(self, who: str, amount: str, **more: Any) -> Settlement:
        """Have a member pay, proven at once."""
        at = more.pop("at", None)
        return self.confirm(self.expect(who, amount, **more), at=at)

    def reverse(self, settlement: Settlement, amount: str, **more: Any) -> Reversal:
        more = {"key": f"key-{next(self.numbers)}", "reason": "refunded", **more}
        return operations.reverse_settlement(
            settlement.pk, program_id=self.program.pk, amount=Decimal(amount), at=timezone.now(), **more
        )

    def win(self, settlement: Settlement, amount: str, **more: Any) -> Reversal:
        more = {"key": f"key-{next(self.numbers)}", "reason": "won", **more}
        return operations.win_settlement_back(
            settlement.pk, program_id=self.program.pk, amount=Decimal(amount), at=timezone.now(), **more
        )

    def rate(self, subject: Affiliate | Tier, direct: str | None, override: str | None) -> Rate:
        """Let rates hold from in a few minutes on: none reach back."""
        return operations.record_rate(
            program_id=self.program.pk,
            tier_id=subject.pk if isinstance(subject, Tier) else None,
            affiliate_id=subject.pk if isinstance(subject, Affiliate) else None,
            direct_rate=None if direct is None else Decimal(direct),
            override_rate=None if override is None else Decimal(override), reason="agreed", at=timezone.now(),
        )  # fmt: skip

    def rows(self, settlement: Settlement | None = None, **more: Any) -> list[str]:
        """Return commissions as they read: who, what, how much, and its state."""
        found = Commission.objects.filter(program=self.program, **more).select_related("affiliate").order_by("id")
        if settlement is not None:
            found = found.filter(settlement=settlement)
        return [
            f"{row.affiliate.code.partition('-')[0]} {row.type} {row.amount.normalize():f} {row.state}" for row in found
        ]

    def row(self, settlement: Settlement, kind: str = "DIRECT") -> Commission:
        return Commission.objects.get(settlement=settlement, type=kind)

    def change(self, verb: str, *rows: Commission, reason: str = "because", at: datetime | None = None) -> Any:
        many = getattr(operations, f"{verb}_commissions")
        return many([row.pk for row in rows], program_id=self.program.pk, reason=reason, at=at or timezone.now())

    def mature(self, *, days: int = 400) -> int:
        return operations.mature_commissions(at=timezone.now() + timedelta(days=days))

    def pay_out(self, name: str, *, asset: str = "KES", is_paid: bool = True) -> Decimal:
        """Pay what is due, as a payout does, or leave it out; what was taken back more than that waits."""
        affiliate, now = self.affiliates[name], timezone.now()
        owner = Asset.objects.get(code=asset)
        batched = operations.batch_commissions(
            [affiliate.pk], program_id=self.program.pk, asset_id=owner.pk, at=now,
            takes=lambda due: [pk for pk, amount in due.items() if not is_paid or amount > 0],
        ).get(affiliate.pk)  # fmt: skip
        if batched is None:
            return Decimal(0)
        if is_paid:
            self._book_payout(Purse.objects.get(affiliate=affiliate, asset=owner), batched.amount)
        operations.settle_batched(batched.ids, program_id=self.program.pk, is_paid=is_paid, at=now)
        return batched.amount if is_paid else Decimal(0)

    def _book_payout(self, purse: Purse, amount: Decimal) -> None:
        codes = (
            f"rail:{RAIL}:float", f"rail:{RAIL}:in_flight", "system:payouts", f"program:{self.program.slug}:capital",
        )  # fmt: skip
        account = {
            code: open_account(code, program=self.program, asset_code=purse.asset.code, at=timezone.now()).pk
            for code in codes
        }
        float_id, in_flight, passes, capital = account.values()
        steps: list[tuple[str, list[tuple[int, int]]]] = [
            ("FLOAT_IN", [(float_id, capital)]),
            ("PAYOUT_RESERVED", [(purse.liability_id, purse.reserved_id)]),
            ("PAYOUT_SENT", [(in_flight, float_id)]),
            ("PAYOUT_PAID", [(purse.reserved_id, passes), (passes, in_flight)]),
        ]
        number = next(self.numbers)
        post_many(
            Posting(
                program_id=self.program.pk, key=f"payout-{number}-{kind}", kind=kind,
                movements=tuple(Movement(debit, credit, amount) for debit, credit in sides),
            )
            for kind, sides in steps
        )  # fmt: skip

    def owed(self, name: str, *, asset: str = "KES") -> str:
        """Return what the books say is earned and not paid."""
        purse = Purse.objects.filter(affiliate=self.affiliates[name], asset__code=asset).first()
        if purse is None:
            return "0"
        amounts = Balance.objects.filter(account__in=(purse.liability_id, purse.reserved_id))
        return f"{sum((row.amount for row in amounts), Decimal(0)).normalize():f}"

    def balance(self, code: str, *, asset: str = "KES") -> str:
        account = Account.objects.filter(program=self.program, code=code, asset__code=asset).first()
        amounts = Balance.objects.filter(account=account).values_list("amount", flat=True) if account else []
        return f"{sum(amounts, Decimal(0)).normalize():f}"

    def require_order(self) -> None:
        """Hold that rows, books and figures agree, as they are asked at night."""
        assert checking.earnings(self.program.pk)[1] == []
        assert checking.families(self.program.pk)[1] == []
        assert checking.tallies(self.program.pk)[1] == []


def refused(code: str, do: Callable[[], Any], **params: Any) -> DomainError:
    """Hold that it is refused so, and that nothing has moved."""
    before = counted()
    with pytest.raises(DomainError) as caught:
        do()
    assert caught.value.code == code, caught.value
    assert {name: caught.value.params[name] for name in params} == params
    assert counted() == before
    return caught.value


def counted() -> dict[str, int]:
    models = (Affiliate, Member, Settlement, Commission, Reversal, Transaction, JournalEntry)
    return {model.__name__: model.objects.count() for model in models}


def unknown() -> UUID:
    return UUID(int=1)
