"""What it costs to pay ten thousand: to collect and submit them, to look at them, and to send them."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from affiliates.operations import register_affiliate, register_member
from audit.context import acting_as
from config.bench.earners import BALANCES, DIRECT_COMMISSIONS, METHODS, PURSES, TREE
from config.bench.frame import Benchmark, Sampled, Timed
from config.bench.intents import Books
from config.web.opening import open_up
from identity.models import Membership, Program, User
from identity.operations import add_membership, create_user, vote
from identity.states import Decision, Role
from ledger.models import Asset, Transaction
from ledger.movements import Movement, Posting
from ledger.operations import open_account, post
from payouts import operations
from payouts.models import Payout, PayoutBatch
from payouts.states import PayoutState
from wallets.models import RailAccount
from wallets.operations import activate_rail_account, draft_rail_account
from wallets.rails import Rail, register_rail
from wallets.rails.sending import LADDER, Answer, Desk, Limits, Order, Paid, Survey, Unit, Waiting, Wire

PAYEES: Final = 10_000
EACH: Final = 3  # rows of what each has earned
SENT: Final = 1_000  # in each go
COLLECT_MS: Final = 5_000
PAGE_MS: Final = 300
ITEMS_A_SECOND: Final = 150


class _Till:
    """A rail that answers at once."""

    pays, counts, may_repeat, by_file = "MPESA", False, False, False
    asks_after_accepted: Sequence[timedelta] = LADDER
    asks_after_unclear: Sequence[timedelta] = LADDER

    def limits(self, unit: Unit) -> Limits:
        return Limits(places=0, least=Decimal(1))

    def checked(self, destination: str) -> str:
        return destination

    def fee(self, amount: Decimal, unit: Unit) -> Decimal | None:
        return None

    def survey(self, desk: Desk, orders: Sequence[Order]) -> Survey:
        return Survey()

    def write(self, desk: Desk, order: Order, survey: Survey, *, number: int | None) -> Wire:
        return {}

    def submit(self, desk: Desk, order: Order, wire: Wire) -> Answer:
        return Paid(receipt=f"R-{order.reference}", amount=order.amount)

    def query(self, desk: Desk, order: Order, wire: Wire) -> Answer | Waiting:
        return Waiting()

    def hurry(self, desk: Desk, order: Order, wire: Wire, survey: Survey) -> Wire:
        return wire

    def float_of(self, desk: Desk, unit: Unit) -> Decimal | None:
        return None


# One for all benchmarks of a run: of two rails of one name the second is refused.
_BENCH: Final = Rail(name="bench", label="Bench", number_is="nothing", check_number=str, payer=_Till())


class Counter:
    """A program with ten thousand who are to be paid, and two people."""

    def __init__(self, books: Books, account_of: Callable[[Program], RailAccount]) -> None:
        self.program, now = books.program, timezone.now()
        books.post()
        self.maker, self.approvers = (
            self._person("mia", Role.FINANCE_MAKER),
            [self._person(name, Role.FINANCE_APPROVER) for name in ("anton", "olga")],
        )
        Membership.objects.filter(program=self.program).update(created_at=now - timedelta(days=3))
        self.account = account_of(self.program)
        self._earn(now)
        self._fund(now)
        self.batch = self._begun()

    def _person(self, name: str, role: Role) -> User:
        user = create_user(email=f"{name}@bench.example", name=name.title(), password=None, at=timezone.now())
        add_membership(user=user, program=self.program, role=role, at=timezone.now())
        return user

    def _earn(self, now: Any) -> None:
        top = register_affiliate(program=self.program, name="Top", is_active=True, at=now)
        member = register_member(program=self.program, wallet_address=f"0x{1:040x}", code=top.code, at=now)
        named: dict[str, Any] = {
            "program": self.program.pk, "at": now - timedelta(days=40), "parent": top.pk, "tree": "wide-",
            "count": PAYEES, "member": member.pk, "asset": Asset.objects.get(code="KES").pk, "affiliates": PAYEES,
            "each": EACH,
            "booked": Transaction.objects.filter(program_id=self.program.pk).values_list("pk", flat=True)[0],
        }  # fmt: skip
        with connection.cursor() as cursor:
            for statement in (TREE, PURSES, BALANCES, DIRECT_COMMISSIONS, METHODS):
                cursor.execute(statement, named)
            cursor.execute("ANALYZE")

    def _fund(self, now: Any) -> None:
        codes = (f"rail:{self.account.name}:float", f"program:{self.program.slug}:capital")
        float_id, capital = (open_account(code, program=self.program, asset_code="KES", at=now).pk for code in codes)
        movement = Movement(float_id, capital, Decimal(10) ** 9)
        post(Posting(program_id=self.program.pk, key="funded", kind="FLOAT_IN", movements=(movement,)))

    def _begun(self) -> PayoutBatch:
        now = timezone.now()
        return operations.create_batch(
            program=self.program, asset_code="KES", key=f"bench-{now.timestamp()}", by=self.maker, at=now
        )

    def collect_and_submit(self) -> None:
        """Do it, and undo it again."""
        with transaction.atomic():
            self._collect_and_submit()
            transaction.set_rollback(True)

    def _collect_and_submit(self) -> None:
        now = timezone.now()
        done = operations.collect_due(self.batch.pk, program_id=self.program.pk, by=self.maker, at=now)
        assert len(done.ready) >= PAYEES, len(done.ready)
        operations.submit_batch(self.batch.pk, program_id=self.program.pk, reason="x", by=self.maker, at=now)

    def approve(self) -> None:
        """Have it agreed to and started, so that it can be sent."""
        self._collect_and_submit()
        self.batch.refresh_from_db()
        proposal = self.batch.proposal
        assert proposal is not None
        for approver in self.approvers[: proposal.votes_needed]:
            vote(
                proposal.pk, revision=proposal.revision, digest=proposal.digest, decision=Decision.APPROVE, by=approver,
                at=timezone.now(),
            )  # fmt: skip
        operations.execute_batch(self.batch.pk, program_id=self.program.pk, by=self.maker, at=timezone.now())

    def look(self) -> None:
        """Open the page on which it is decided about."""
        client = Client()
        client.force_login(self.approvers[0], backend="allauth.account.auth_backends.AuthenticationBackend")
        proposal = self.batch.proposal_id
        answer = client.get(reverse("admin:identity_proposal_change", args=[proposal]), headers={"host": "127.0.0.1"})
        assert answer.status_code == 200, answer.status_code

    def send(self) -> None:
        """Send the next thousand."""
        before = Payout.objects.filter(batch=self.batch, state=PayoutState.PAID).count()
        operations.send_due(self.account.pk, holder="bench", seconds_at_most=600, groups_at_most=SENT // 50)
        assert Payout.objects.filter(batch=self.batch, state=PayoutState.PAID).count() == before + SENT


def till_of(program: Program) -> RailAccount:
    """Return an account at the rail that answers at once."""
    register_rail(_BENCH)
    return used(program, rail="bench", name="bench", number="1", secrets={})


def used(program: Program, **said: Any) -> RailAccount:
    """Return an account of shillings that is in use."""
    now = timezone.now()
    drafted = draft_rail_account(program=program, assets=["KES"], at=now, **said)
    return activate_rail_account(drafted.pk, program_id=program.pk, version=1, at=now)


@contextmanager
def _contenders() -> Iterator[Sequence[Sampled | Timed]]:
    open_up()  # as web processes do before they show anybody a page
    with acting_as("command", "bench"):
        counter = Counter(Books(), till_of)
        yield (
            Timed("collecting and submitting 10,000 payouts", 3, counter.collect_and_submit, COLLECT_MS),
            # Each leaves things otherwise than it found them, so none is done to warm up.
            Sampled("approving and starting them", lambda: took(counter.approve), 2 * COLLECT_MS),
            Sampled("the page on which they are decided about", lambda: took(counter.look, times=20), PAGE_MS),
            Sampled(
                "sending 1,000 of them through a rail that answers at once", lambda: took(counter.send, times=3),
                1_000 * SENT / ITEMS_A_SECOND,
            ),
        )  # fmt: skip


def took(do: Callable[[], None], *, times: int = 1) -> list[float]:
    """Do it so many times, and return how many milliseconds each took."""
    each = []
    for _ in range(times):
        began = time.perf_counter()
        do()
        each.append((time.perf_counter() - began) * 1_000)
    return each


PAYING: Final = Benchmark(
    name="paying",
    question="How long does it take to pay ten thousand?",
    contenders=_contenders,
    figures=(),
    rounds_at_most=1,
)
