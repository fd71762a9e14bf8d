"""Many at once, with real commits: what is there is spent once, a key books once, lines follow one another."""

import random
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from ledger.errors import BelowFloor
from ledger.models import Account, Transaction
from tests.at_once import at_once
from tests.wallets.purses import Purses
from wallets import operations
from wallets.errors import RefundTooLarge, WalletChanged
from wallets.models import PaymentRecord, Wallet, WalletTransaction

pytestmark = pytest.mark.django_db(transaction=True)


def asked(purses: Purses, verb: str, who: str, amount: str, key: str, **more: Any) -> Callable[[], Any]:
    wallet_id = purses.wallet(who).pk
    return lambda: getattr(operations, verb)(
        wallet_id, program_id=purses.program.pk, amount=Decimal(amount), key=key, at=timezone.now(), **more
    )


def test_of_32_spends_exactly_those_that_can_be_paid_are(purses: Purses) -> None:
    purses.do("top_up", "ann", "32")  # a third of 32 times 3

    outcomes = at_once(*(asked(purses, "spend", "ann", "3", f"s{number}") for number in range(32)))

    assert outcomes.count(BelowFloor) == 22
    assert sum(isinstance(outcome, WalletTransaction) for outcome in outcomes) == 10
    assert purses.has("ann") == [2, 0, 0]
    assert [left for _, _, left in purses.lines("ann")] == [32, *range(29, 1, -3)]
    assert purses.differences() == []


@pytest.mark.parametrize("verb", ["spend", "pay_from_wallet"])
def test_the_same_key_at_once_books_once(purses: Purses, verb: str) -> None:
    purses.do("top_up", "ann", "100")

    outcomes = at_once(*(asked(purses, verb, "ann", "3", "once") for _ in range(12)))

    assert len({outcome.pk for outcome in outcomes}) == 1
    assert purses.has("ann") == [97, 0, 0]
    assert purses.differences() == []


def test_the_same_key_at_once_records_one_direct_payment(purses: Purses) -> None:
    party_id = purses.party("ann").pk

    def record() -> PaymentRecord:
        return operations.record_direct_payment(
            party_id, program_id=purses.program.pk, asset_code="KES", amount=Decimal(5), rail="mpesa", key="once",
            at=timezone.now(),
        )  # fmt: skip

    outcomes = at_once(*(record for _ in range(12)))

    assert {outcome.pk for outcome in outcomes} == {PaymentRecord.objects.get().pk}


def test_one_wallet_is_opened_once(purses: Purses) -> None:
    party_id = purses.party("ann").pk

    outcomes = at_once(
        *(
            lambda: operations.open_wallet(party_id, program_id=purses.program.pk, asset_code="KES", at=timezone.now())
            for _ in range(12)
        )
    )

    assert {wallet.pk for wallet in outcomes} == {Wallet.objects.get().pk}
    assert Account.objects.filter(code__startswith="wallet:").count() == 3


@pytest.mark.parametrize("rail", ["", "mpesa"])
def test_refunds_at_once_are_never_more_than_was_paid(purses: Purses, rail: str) -> None:
    payment = purses.of("confirm_payment", purses.direct("ann", "10"), receipt="QX1")
    purses.wallet("ann")
    # Revenue has no floor: nothing but the payment's own lock stands in the way.
    purses.do("top_up", "ben", "100")
    purses.do("spend", "ben", "100")

    def back(number: int) -> Callable[[], Any]:
        return lambda: operations.refund(
            payment.pk, program_id=purses.program.pk, amount=Decimal(3), rail=rail, key=f"r{number}", reason="x",
            at=timezone.now(),
        )  # fmt: skip

    outcomes = at_once(*(back(number) for number in range(12)))

    assert outcomes.count(RefundTooLarge) == 9
    assert PaymentRecord.objects.get().refunded == 9
    assert purses.has("ann") == [0 if rail else 9, 0, 0]
    assert purses.differences() == []


def test_of_those_who_saw_the_same_version_one_goes_on(purses: Purses) -> None:
    purses.do("top_up", "ann", "100")
    seen = purses.wallet("ann").version

    outcomes = at_once(*(asked(purses, "spend", "ann", "1", f"s{number}", version=seen) for number in range(12)))

    assert Counter(map(str, outcomes))[str(WalletChanged)] == 11
    assert purses.has("ann") == [99, 0, 0]


def test_crossing_transfers_and_payments_never_deadlock(purses: Purses) -> None:
    names = [f"w{number}" for number in range(4)]
    for name in names:
        purses.do("top_up", name, "1000")
    wallets = {name: purses.wallet(name) for name in names}
    codes = {name: wallets[name].account.code for name in names}

    def crossing(seed: int) -> Callable[[], int]:
        chance = random.Random(seed)
        steps = [(chance.sample(names, 2), chance.random() < 0.5) for _ in range(20)]

        def walk() -> int:
            for number, ((one, other), pays) in enumerate(steps):
                verb: Any = operations.pay_from_wallet if pays else operations.transfer
                to: dict[str, Any] = {"payee": codes[other]} if pays else {"to": wallets[other].pk}
                verb(wallets[one].pk, program_id=purses.program.pk, amount=Decimal("0.5"), key=f"{seed}-{number}",
                     at=timezone.now(), **to)  # fmt: skip
            return len(steps)

        return walk

    outcomes = at_once(*(crossing(seed) for seed in range(8)))

    assert outcomes == [20] * 8
    assert Transaction.objects.count() == 4 + 160
    assert sum(purses.has(name)[0] for name in names) == 4000
    assert purses.differences() == []
