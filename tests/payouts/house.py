"""A program that pays, spoken to by name and in strings."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from django.utils import timezone

from affiliates.models import Affiliate, Commission, PayoutMethod
from identity.models import Program, User
from identity.operations import vote
from identity.operations.store_setting import store_setting
from identity.queries.settings import standing
from identity.states import Decision
from ledger.models import Asset
from ledger.movements import Movement, Posting
from ledger.operations import open_account, post
from payouts import operations
from payouts.models import Attempt, Payout, PayoutBatch
from payouts.queries import checking
from tests.affiliates.factories import PayoutMethodFactory
from tests.affiliates.troupe import Troupe
from tests.payouts.till import TILL
from wallets.models import RailAccount

HOLDER = "test"


@dataclass
class House:
    """A program with a till, who works there, and who is paid."""

    troupe: Troupe
    maker: User
    approver: User
    account: RailAccount
    numbers: Any = field(default_factory=lambda: count(1))

    @property
    def program(self) -> Program:
        return self.troupe.program

    def earns(self, name: str, amount: str, *, asset: str = "KES", method: bool = True, **more: Any) -> Affiliate:
        """Let somebody have ``amount`` due: a tenth of what a member of theirs has settled long ago."""
        affiliate = self.troupe.affiliate(name)
        member = f"{name}'s member"
        self.troupe.member(member, by=name)
        self.troupe.settle(member, str(Decimal(amount) * 10), asset=asset)
        self.troupe.mature()
        if method and not PayoutMethod.objects.live().filter(affiliate=affiliate).exists():
            PayoutMethodFactory(affiliate=affiliate, program=self.program, **more)
        return affiliate

    def funds(self, amount: str, *, asset: str = "KES", account: RailAccount | None = None) -> None:
        """Put money where it is paid from."""
        where = account or self.account
        codes = (f"rail:{where.name}:float", f"program:{self.program.slug}:capital")
        float_id, capital = (
            open_account(code, program=self.program, asset_code=asset, at=timezone.now()).pk for code in codes
        )
        key = f"funded-{next(self.numbers)}"
        movement = Movement(float_id, capital, Decimal(amount))
        post(Posting(program_id=self.program.pk, key=key, kind="FLOAT_IN", movements=(movement,)))

    def withholds(self, rate: str) -> None:
        """Let tax be withheld from who is put into a batch from now on."""
        stands = standing("payouts.withholding_rate", self.program)
        store_setting(
            "payouts.withholding_rate", program=self.program, value=rate, version=stands.version, reason="the law",
            at=timezone.now(),
        )  # fmt: skip

    def withheld(self, *, asset: str = "KES") -> str:
        """Return what the books say was withheld and not passed on."""
        return self.troupe.balance(f"program:{self.program.slug}:withholding", asset=asset)

    def batch(self, *, asset: str = "KES", by: User | None = None, **more: Any) -> PayoutBatch:
        more.setdefault("key", f"batch-{next(self.numbers)}")
        return operations.create_batch(
            program=self.program, asset_code=asset, by=by or self.maker, at=timezone.now(), **more
        )

    def collected(self, **more: Any) -> PayoutBatch:
        batch = self.batch(**more)
        self.do("collect_due", batch, by=self.maker)
        return batch

    def submitted(self, **more: Any) -> PayoutBatch:
        batch = self.collected(**more)
        self.do("submit_batch", batch, reason="The week's payouts", by=self.maker, waits_for_float=True)
        return batch

    def approved(self, **more: Any) -> PayoutBatch:
        return self.agree(self.submitted(**more))

    def started(self, **more: Any) -> PayoutBatch:
        batch = self.approved(**more)
        self.do("execute_batch", batch, by=self.maker)
        return batch

    def sends(self, name: str, amount: str, *, till: str | None = None) -> PayoutBatch:
        """Send somebody what they have earned, while the till does with it what it is told now, or was told before."""
        self.earns(name, amount)
        if till:
            TILL.behaves = lambda order: till
        batch = self.started()
        self.send()
        return batch

    def agree(
        self, batch: PayoutBatch, *, by: User | None = None, decision: Decision = Decision.APPROVE
    ) -> PayoutBatch:
        proposal = batch.proposal
        assert proposal is not None
        proposal.refresh_from_db()
        vote(
            proposal.pk, revision=proposal.revision, digest=proposal.digest, decision=decision,
            by=by or self.approver, at=timezone.now(),
        )  # fmt: skip
        batch.refresh_from_db()
        return batch

    def do(self, verb: str, subject: PayoutBatch | Payout, **more: Any) -> Any:
        more.setdefault("at", timezone.now())
        result = getattr(operations, verb)(subject.pk, program_id=self.program.pk, **more)
        subject.refresh_from_db()
        return subject if isinstance(result, type(subject)) else result

    def send(self, *, groups: int | None = None, clock: Callable[[], datetime] = timezone.now) -> Any:
        return operations.send_due(
            self.account.pk, holder=HOLDER, seconds_at_most=30, groups_at_most=groups, clock=clock
        )

    def ask(self, *, after: timedelta = timedelta()) -> Any:
        return operations.ask_rails(self.account.pk, seconds_at_most=30, clock=lambda: timezone.now() + after)

    def payouts(self, batch: PayoutBatch) -> list[str]:
        """Return a batch as it reads: who, how much, in what state, and why."""
        found = (
            Payout.objects.filter(batch=batch).select_related("affiliate", "withdrawal__wallet__party").order_by("pk")
        )
        return [
            " ".join(filter(None, (self.name_of(payout), f"{payout.amount.normalize():f}", payout.state, payout.why)))
            for payout in found
        ]

    def name_of(self, payout: Payout) -> str:
        if payout.withdrawal is not None:
            return f"{payout.withdrawal.wallet.party.name}'s"
        return payout.affiliate.code.partition("-")[0] if payout.affiliate else "outgoing"

    def payout(self, name: str) -> Payout:
        return Payout.objects.filter(affiliate=self.troupe.affiliates[name]).latest("pk")

    def attempts(self, name: str) -> list[str]:
        rows = Attempt.objects.filter(payout=self.payout(name)).order_by("part__number", "number")
        return [" ".join(filter(None, (f"{row.amount.normalize():f}", row.state, row.trouble))) for row in rows]

    def rows(self, name: str) -> list[str]:
        found = Commission.objects.filter(affiliate=self.troupe.affiliates[name]).order_by("pk")
        return [f"{row.type} {row.amount.normalize():f} {row.state}" for row in found]

    def state(self, batch: PayoutBatch) -> str:
        batch.refresh_from_db()
        return batch.state

    def books(self, *, asset: str = "KES") -> dict[str, str]:
        """Return where money stands at the till."""
        return {
            part: self.troupe.balance(f"rail:{self.account.name}:{part}", asset=asset)
            for part in ("float", "in_flight", "fees")
        }

    def require_order(self) -> None:
        """Hold that payouts, rows and books agree, as they are asked at night."""
        self.troupe.require_order()
        assert checking.reserved(self.program.pk)[1] == []
        assert checking.in_flight(self.program.pk)[1] == []
        assert checking.passing(self.program.pk)[1] == []
        assert checking.withdrawals(self.program.pk)[1] == []
        assert checking.withheld(self.program.pk)[1] == []


def asset(code: str) -> Asset:
    return Asset.objects.get(code=code)


def unknown() -> UUID:
    return UUID(int=1)
