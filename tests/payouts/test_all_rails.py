"""One history at random across all rails: what answers at once, what calls back, what counts, what goes by file, and
wallets of the house; payees who change from one to another, tax that is withheld from some of it, and owners who take
money out of their wallets, stop that again, and spend what they have.

The rails' own books are the truth, each kept by a model of it. Whatever happens, at the end each rail has paid what
the house's books say that it has, each payee has or is owed what they have earned, each wallet holds what was put into
it and has not left, and whoever got more is found.
"""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from django.utils import timezone

from affiliates.models import PayoutMethod
from affiliates.operations import retire_method
from payouts import operations
from payouts.models import Attempt, BankFile, Part, Payout
from payouts.operations.take_return import take_return
from payouts.queries import checking
from payouts.states import RUNNING, AttemptState, PayoutState
from tests.payouts import till
from tests.payouts.house import HOLDER, House
from tests.payouts.test_histories import History, play, seeds_of
from tests.payouts.till import TILL, Till
from tests.payouts.till_takers import takers_without
from wallets.models import RailAccount, Withdrawal
from wallets.operations import activate_rail_account, draft_rail_account, open_wallet
from wallets.rails import Applied
from wallets.rails.bankfile.instructions import read_instructions
from wallets.rails.bankfile.results import write_results
from wallets.rails.sending import Order, Paid, Refused, Told
from wallets.states import WithdrawalState

pytestmark = pytest.mark.django_db

HISTORIES: Final = 3  # thousands with --torture
FUNDED: Final = Decimal(20_000)
AT_ONCE: Final = ("paid", "paid", "paid", "refused", "unclear", "unclear_paid", "dies", "dies_paid")
LATER: Final = (
    "accepted",
    "accepted",
    "accepted_paid",
    "accepted_paid",
    "refused",
    "unclear_paid",
    "dies",
    "dies_paid",
)
KINDS: Final = ("MPESA", "MPESA", "EVM", "BANK", "WALLET")
OWNERS: Final = ("ann", "ben")
GIVEN: Final = Decimal(300)

# One answers at once, one calls back, and one counts and can be told the same again.
NATURES: Final[dict[str, dict[str, Any]]] = {
    "shop": {}, "later": {},
    "chain": {"pays": "EVM", "counts": True, "may_repeat": True, "places": 2, "least": Decimal(1)},
}  # fmt: skip
TILLS: Final = {"shop": TILL, "later": Till(), "chain": Till()}


@dataclass
class Bank:
    """A bank that is told in files: it pays a line, refuses it, or takes its time, and may pay what it has refused."""

    paid: dict[str, tuple[str, Decimal]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)

    def answer(self, file: BankFile, chance: random.Random, *, everything: bool = False) -> bytes:
        """Return what it says of some of a file's lines, or of all of them, and decide where it has not."""
        told, rows = read_instructions(file.body), []
        for line in told.each:
            drawn = 1.0 if everything else chance.random()
            is_new = line.reference not in self.paid and line.reference not in self.refused
            if (is_new and drawn < 0.5) or (line.reference in self.refused and drawn < 0.1):
                self.refused.discard(line.reference)
                self.paid[line.reference] = (f"{line.bank}:{line.account}", Decimal(line.amount))
            elif is_new and drawn > 0.7:
                self.refused.add(line.reference)
            if line.reference in self.paid:
                rows.append((line.reference, "PAID", f"R-{line.reference}", line.amount, ""))
            elif line.reference in self.refused:
                rows.append((line.reference, "FAILED", "", line.amount, "No such account"))
        return write_results(told.name, told.account, told.asset, rows)


class Journey(History):
    """A history of a house with four accounts at four kinds of rails, and wallets beside them."""

    length = 100
    payees = ("ada", "bea", "cyd", "dan", "eve")
    steps = (
        "earn", "earn", "earn", "batch", "batch", "batch", "batch", "send", "send", "send", "send", "ask", "ask",
        "hear", "hear", "hear", "retry", "retry", "release", "release", "exclude", "stop", "lapse", "declare", "recall",
        "move", "move", "write", "write", "read", "read", "read", "fill", "tax", "come_back", "come_back",
        "look", "look", "look", "look", "cancel_out",
        *(3 * ("ask_out", "ask_out", "approve_out", "approve_out", "spend")),
    )  # fmt: skip

    def __init__(self, house: House, seed: int, accounts: dict[str, RailAccount], tills: dict[str, Till]) -> None:
        super().__init__(house, seed)
        self.accounts, self.tills, self.bank = accounts, tills, Bank()
        self.came_back: dict[str, Decimal] = {}
        self.takers, self.spent = takers_without(house), defaultdict[str, Decimal](Decimal)
        for name, each in tills.items():
            each.most = Decimal(self.chance.choice((40, 60, 200, 250_000)))
            each.behaves = self._by(AT_ONCE if name == "shop" else LATER)
            each.answers = TILL.answers

    def _by(self, ways: tuple[str, ...]) -> Any:
        def behaves(order: Order) -> str:
            whose = self.whose[order.destination]
            return random.Random(f"{self.seed}:{len(self.told)}:{whose}:{order.amount}").choice(ways)

        return behaves

    def fund(self) -> None:
        for account in self.accounts.values():
            self.house.funds(str(FUNDED), account=account)
        for name in OWNERS:
            self.takers.purses.do("issue_bonus", name, str(GIVEN))
        self.tax()

    def earn(self, name: str = "") -> None:
        name = name or self.chance.choice(self.payees)
        amount = Decimal(self.chance.choice(("20", "75.5", "120.25", "333.33")))
        affiliate, kind = self.house.troupe.affiliate(name), self.chance.choice(KINDS)
        self.house.earns(name, str(amount), kind=kind, holder=name.title(), destination=self._place(name, kind))
        self.whose |= {method.destination: name for method in PayoutMethod.objects.filter(affiliate=affiliate)}
        self.earned[name] += amount

    def _place(self, name: str, kind: str) -> str:
        number = len(self.told)
        if kind == "WALLET":
            party, program = self.house.troupe.affiliates[name].party_id, self.house.program
            return str(open_wallet(party, program_id=program.pk, asset_code="KES", at=timezone.now()).pk)
        code = f"{sum(map(ord, name)):06d}{number:04d}"
        return {"MPESA": f"25{code}", "EVM": f"0x{code:>040}", "BANK": f"01100:{code}"}[kind]

    def batch(self) -> None:
        """Of two accounts that pay to phones a batch names one."""
        batch = self.house.collected(accounts=[self.chance.choice(("shop", "later")), "chain", "bank"])
        self.house.do("submit_batch", batch, reason="x", by=self.house.maker, waits_for_float=True)
        self.batches.append(batch)
        if self.chance.random() < 0.9:
            self.house.agree(batch)
            if self.chance.random() < 0.9:
                self.house.do("execute_batch", batch, by=self.house.maker)
                if self.chance.random() < 0.6:
                    self.everywhere()

    def everywhere(self) -> None:
        """What can be sent goes at once, each its own way."""
        for step in ("send", "send", "write", "fill"):
            getattr(self, step)()

    def send(self) -> None:
        account = self.accounts[self.chance.choice(list(self.tills))]
        operations.send_due(
            account.pk, holder=HOLDER, seconds_at_most=30, groups_at_most=self.chance.choice((1, 2, None))
        )  # fmt: skip

    def ask(self) -> None:
        account, minutes = self.accounts[self.chance.choice(list(self.accounts))], self.chance.choice((6, 70, 9_000))
        operations.ask_rails(
            account.pk, seconds_at_most=30, clock=lambda: timezone.now() + timedelta(minutes=minutes)
        )  # fmt: skip

    def look(self) -> None:
        """Rows and books agree at every moment, and not only when all is over."""
        self.takers.require_order()

    def ask_out(self) -> None:
        """An owner wants some of it, or more than there is."""
        name, kind = self.chance.choice(OWNERS), self.chance.choice(("MPESA", "EVM", "BANK"))
        amount, place = self.chance.choice(("15", "40", "90.5", "250")), self._place(name, kind)
        self.whose[place] = name
        holder = name.title() if kind == "BANK" else ""
        self.takers.asks(name, amount, kind=kind, to=place, holder=holder)

    def _taken(self, *states: WithdrawalState) -> Withdrawal | None:
        found = list(Withdrawal.objects.filter(state__in=states).order_by("pk"))
        return self.chance.choice(found) if found else None

    def approve_out(self) -> None:
        if (withdrawal := self._taken(WithdrawalState.REQUESTED)) is not None:
            self.takers.do("approve", withdrawal)

    def cancel_out(self) -> None:
        """Whatever has become of it meanwhile."""
        if (withdrawal := self._taken(*WithdrawalState)) is not None:
            self.takers.do("cancel", withdrawal)

    def spend(self) -> None:
        name, amount = self.chance.choice(OWNERS), self.chance.choice((10, 60, 200))
        self.takers.purses.do("spend", name, str(amount))
        self.spent[name] += amount

    def fill(self) -> None:
        operations.pay_wallets(self.house.program.pk, at=timezone.now())

    def move(self) -> None:
        """A payee goes elsewhere: the next time that they earn something, they say where."""
        methods = list(PayoutMethod.objects.live().order_by("pk"))
        if methods:
            retire_method(self.chance.choice(methods).pk, program_id=self.house.program.pk, at=timezone.now())

    def tax(self) -> None:
        self.house.withholds(self.chance.choice(("0", "0.05", "0.05", "0.1375")))

    def write(self) -> None:
        to_write = Payout.objects.filter(
            batch__state__in=RUNNING, rail_account=self.accounts["bank"],
            state__in=(PayoutState.READY, PayoutState.FAILED),
        )  # fmt: skip
        payouts = list(to_write.select_related("batch").order_by("pk"))
        if payouts:
            batch = self.chance.choice(payouts).batch
            operations.write_bank_file(
                batch.pk, program_id=self.house.program.pk, by=self.house.maker, at=timezone.now()
            )  # fmt: skip

    def read(self) -> None:
        files = list(BankFile.objects.order_by("written_at"))
        if files:
            file = self.chance.choice(files)
            self._hand_in(file, self.bank.answer(file, self.chance))

    def _hand_in(self, file: BankFile, content: bytes) -> None:
        operations.read_result_file(
            file.batch_id, program_id=self.house.program.pk, content=content, by=self.house.approver,
            at=timezone.now(),
        )  # fmt: skip

    def truth(self, attempt: Attempt) -> tuple[str, Decimal] | None:
        """Return what has really left by an attempt: to where, and how much."""
        kept = self.tills.get(attempt.rail_account.name, self.bank)
        return kept.paid.get(attempt.reference)

    def told_truly(self, attempt: Attempt) -> Paid | Refused:
        left = self.truth(attempt)
        if left is None:
            return Refused(code="1", reason="There is nothing of this name.")
        return Paid(receipt=f"R-{attempt.reference}", amount=left[1])

    def hear(self) -> None:
        """A rail says something of an attempt, whenever it likes; and at times what is not so."""
        called = Attempt.objects.filter(called_at__isnull=False, rail_account__name__in=self.tills)
        attempts = list(called.select_related("rail_account").order_by("pk"))
        if attempts:
            attempt = self.chance.choice(attempts)
            answer, drawn = self.told_truly(attempt), self.chance.random()
            if isinstance(answer, Paid) and drawn < 0.3:
                answer = Refused(code="1", reason="A lie.")
            if isinstance(answer, Paid) or drawn < 0.5:
                operations.record_answers([(attempt.pk, answer)], at=timezone.now())

    def declare(self) -> None:
        unknown = Attempt.objects.filter(state=AttemptState.UNKNOWN).select_related("rail_account").order_by("pk")
        attempt = unknown.first()
        if attempt is not None:
            left = self.truth(attempt)
            self.say(attempt, receipt=f"R-{attempt.reference}" if left else "")

    def come_back(self) -> None:
        """Money that had arrived comes back: the rail has it again, and says so, at times twice."""
        arrived = Attempt.objects.filter(
            state=AttemptState.CONFIRMED, payout__state__in=(PayoutState.PAID, PayoutState.RETURNED)
        ).exclude(reference__in=self.came_back)
        attempts = list(arrived.select_related("rail_account__program", "part").order_by("pk"))
        if attempts:
            attempt = self.chance.choice(attempts)
            told = Told(attempt.reference, "", self.told_truly(attempt))
            assert isinstance(take_return(attempt, told, at=timezone.now()), Applied)
            assert not isinstance(take_return(attempt, told, at=timezone.now()), Applied), "it came back once"
            self.came_back[attempt.reference] = attempt.amount

    def end(self) -> None:
        """Everybody says the truth now, and what is open is settled."""
        for each in self.tills.values():
            each.behaves, each.answers = (lambda order: "paid"), (lambda order: "truth")
        for _ in range(6):
            self.fill()
            for name in self.tills:
                operations.send_due(self.accounts[name].pk, holder=HOLDER, seconds_at_most=30)
            for file in BankFile.objects.all():
                self._hand_in(file, self.bank.answer(file, self.chance, everything=True))
            for attempt in Attempt.objects.exclude(called_at=None).select_related("rail_account"):
                is_open = attempt.state in (AttemptState.STORED, AttemptState.SENT, AttemptState.UNKNOWN)
                if is_open or self.truth(attempt):
                    operations.record_answers([(attempt.pk, self.told_truly(attempt))], at=timezone.now())
        operations.sweep_batches(at=timezone.now())

    def require_order(self) -> None:
        self.takers.require_order()
        assert checking.paid(self.house.program.pk)[1] == []
        assert not Attempt.objects.in_flight().exists()
        for name, each in self.tills.items():
            assert each.may_repeat or len(each.calls) == len(set(each.calls)), f"{name} was told one reference twice"
        attempts = {
            attempt.reference: attempt for attempt in Attempt.objects.select_related("payout__withdrawal", "part")
        }
        self._require_rails()
        self._require_payees(attempts)
        self._require_owners(attempts)
        for payout in Payout.objects.filter(state__in=(PayoutState.PAID, PayoutState.RETURNED)):
            confirmed = [one for one in attempts.values() if one.payout_id == payout.pk and one.state == "CONFIRMED"]
            twice = [one for one in confirmed if one.trouble == "PAID_TWICE"]
            tried = {one.part_id for one in confirmed}
            assert len(confirmed) - len(twice) == len(tried), "a second payment is a finding"
            parts = list(Part.objects.filter(payout=payout))
            assert sum(part.paid_for for part in parts) == payout.paid_for == payout.gross - payout.carried

    def _require_rails(self) -> None:
        """What has left each rail is what the books say has left it."""
        for name, account in self.accounts.items():
            kept = self.tills.get(name, self.bank)
            left = FUNDED - sum((amount for _, amount in kept.paid.values()), Decimal(0))
            back = sum((amount for one, amount in self.came_back.items() if one in kept.paid), Decimal(0))
            books = {
                part: Decimal(self.house.troupe.balance(f"rail:{account.name}:{part}"))
                for part in ("float", "in_flight", "clearing")
            }
            assert books == {"float": left, "in_flight": 0, "clearing": back}, name

    def _everywhere(self) -> dict[str, tuple[str, Decimal]]:
        """Return what has really left, whatever the rail."""
        return {**{k: v for each in self.tills.values() for k, v in each.paid.items()}, **self.bank.paid}

    def _require_owners(self, attempts: dict[str, Attempt]) -> None:
        """A wallet holds what was put into it and neither spent nor sent; who owes something is found."""
        everywhere = self._everywhere()
        for name in OWNERS:
            wallet = self.takers.purses.wallet(name)
            own = [
                one for one in attempts.values()
                if one.payout.withdrawal and one.payout.withdrawal.wallet_id == wallet.pk
                and one.reference in everywhere and one.reference not in self.came_back
            ]  # fmt: skip
            got = sum((everywhere[one.reference][1] for one in own), Decimal(0))
            available, reserved, owed = self.takers.purses.has(name)
            assert available + reserved - owed == GIVEN - self.spent[name] - got, f"{name}'s wallet"
            assert owed == 0 or any(one.trouble for one in own), f"{name} owes something, and nothing says why"

    def _require_payees(self, attempts: dict[str, Attempt]) -> None:
        """Whoever earned something has it, or is owed it, but for the tax; who has more stands in a finding."""
        everywhere = self._everywhere()
        taxed = Decimal(0)
        for name, earned in self.earned.items():
            affiliate = self.house.troupe.affiliates[name]
            own = [
                one for one in attempts.values()
                if one.payout.affiliate_id == affiliate.pk and one.reference in everywhere
                and one.reference not in self.came_back
            ]  # fmt: skip
            filled = Part.objects.filter(payout__affiliate=affiliate, attempts=None).exclude(paid_at=None)
            got = sum((everywhere[one.reference][1] for one in own), Decimal(0)) + sum(part.amount for part in filled)
            kept = sum((one.part.withheld for one in own), Decimal(0)) + sum(part.withheld for part in filled)
            owed = Decimal(self.house.troupe.owed(name))
            assert owed == earned - got - kept, f"{name}: what is owed is what was not paid"
            is_found = any(one.trouble for one in own)
            assert owed >= 0 or is_found, f"{name} has more than they have earned, and nothing says so"
            taxed += kept
        assert Decimal(self.house.withheld()) == taxed, "what was withheld is what was withheld from somebody"


@pytest.fixture
def tills() -> dict[str, Till]:
    for name in ("later", "chain"):
        till.register(name, TILLS[name])
        TILLS[name].reset(**NATURES[name])
    return TILLS


@pytest.fixture
def accounts(house_of_two: House, tills: dict[str, Till]) -> dict[str, RailAccount]:
    found = {"shop": house_of_two.account}
    for name in ("later", "chain", "bank"):
        drafted = draft_rail_account(
            program=house_of_two.program, rail=name, name=name, number="ACME-1", assets=["KES"], secrets={},
            at=timezone.now(),
        )  # fmt: skip
        found[name] = activate_rail_account(
            drafted.pk, program_id=house_of_two.program.pk, version=1, at=timezone.now()
        )  # fmt: skip
    return found


@pytest.mark.parametrize("number", range(HISTORIES))
def test_across_all_rails_nobody_is_paid_twice_and_nothing_is_lost(
    house_of_two: House, accounts: dict[str, RailAccount], tills: dict[str, Till], request: pytest.FixtureRequest,
    number: int,
) -> None:  # fmt: skip
    for seed in seeds_of(request, number, histories=HISTORIES):
        play(Journey(house_of_two, seed, accounts, tills))
        house_of_two.troupe.affiliates.clear()
        house_of_two.troupe.members.clear()
        for name, each in tills.items():
            each.reset(**NATURES[name])
