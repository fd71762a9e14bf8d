"""Withdrawals at the same moment, with real commits: one of two acts wins, and nothing leaves that was stopped."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from payouts import operations
from payouts.errors import BatchIsEmpty
from payouts.models import Payout
from tests.at_once import at_once
from tests.payouts.house import House
from tests.payouts.till import TILL
from tests.payouts.till_takers import PHONE, Takers, takers_of
from wallets import operations as wallets
from wallets.errors import WithdrawalInBatch
from wallets.models import Withdrawal

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def takers(house_of_two: House) -> Takers:
    return takers_of(house_of_two)


def cancel(takers: Takers, withdrawal: Withdrawal) -> Callable[[], Any]:
    program_id = takers.purses.program.pk
    return lambda: wallets.cancel_withdrawal(withdrawal.pk, program_id=program_id, at=timezone.now())


def test_the_same_key_at_once_holds_once(takers: Takers) -> None:
    outcomes = at_once(*(lambda: takers.asks("ann", "60", key="once") for _ in range(8)))

    assert {outcome.pk for outcome in outcomes} == {Withdrawal.objects.get().pk}
    assert takers.purses.has("ann") == [40, 60, 0]
    takers.require_order()


def test_no_more_is_asked_for_at_once_than_there_is(takers: Takers) -> None:
    def ask(number: int) -> Callable[[], Any]:
        return lambda: takers.asks("ann", "30", key=f"n{number}")

    outcomes = at_once(*(ask(number) for number in range(6)))

    assert sum(isinstance(outcome, Withdrawal) for outcome in outcomes) == 3
    assert takers.purses.has("ann") == [10, 90, 0]
    takers.require_order()


@pytest.mark.parametrize("turn", range(3))
def test_cancelled_while_it_is_collected_it_is_never_paid(takers: Takers, turn: int) -> None:
    withdrawal = takers.takes("ann", "60")
    takers.takes("ben", "30")
    batch = takers.house.batch()

    def collect() -> Any:
        return operations.collect_due(
            batch.pk, program_id=takers.house.program.pk, by=takers.house.maker, at=timezone.now()
        )

    at_once(collect, cancel(takers, withdrawal))
    takers.house.do("submit_batch", batch, reason="Now", by=takers.house.maker)
    takers.house.agree(batch)
    takers.house.do("execute_batch", batch, by=takers.house.maker)
    takers.house.send()

    assert takers.stands(withdrawal) == ["CANCELLED", "RELEASED", "FAILED"]
    assert sorted(TILL.sums().values()) == [30]
    assert not Payout.objects.filter(withdrawal=withdrawal).exclude(state="EXCLUDED").exists()
    takers.require_order()


@pytest.mark.parametrize("turn", range(4))
def test_cancelled_while_it_is_submitted_one_of_both_holds(takers: Takers, turn: int) -> None:
    withdrawal = takers.takes("ann", "60")
    batch = takers.house.collected()

    def submit() -> Any:
        return operations.submit_batch(
            batch.pk, program_id=takers.house.program.pk, reason="Now", by=takers.house.maker, at=timezone.now()
        )

    outcomes = at_once(submit, cancel(takers, withdrawal))

    withdrawal.refresh_from_db()
    batch.refresh_from_db()
    if WithdrawalInBatch in outcomes:
        assert (withdrawal.state, batch.state) == ("APPROVED", "PENDING_APPROVAL")
    else:
        assert BatchIsEmpty in outcomes
        assert (withdrawal.state, batch.state) == ("CANCELLED", "DRAFT")
    takers.require_order()


def test_two_batches_at_once_get_it_once(takers: Takers) -> None:
    takers.takes("ann", "60", to=PHONE)
    batches = [takers.house.batch(), takers.house.batch()]

    def collect(batch_id: Any) -> Callable[[], Any]:
        return lambda: operations.collect_due(
            batch_id, program_id=takers.house.program.pk, by=takers.house.maker, at=timezone.now()
        )

    at_once(*(collect(batch.pk) for batch in batches))

    assert sorted(len(takers.house.payouts(batch)) for batch in batches) == [0, 1]
    takers.require_order()
