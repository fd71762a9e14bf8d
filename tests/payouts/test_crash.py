"""The database goes away after each statement of an execution in turn, and two do the same at once: it is paid once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections
from django.utils import timezone

from audit.errors import WrongState
from identity.operations import vote
from identity.states import Decision
from payouts import operations
from payouts.errors import Stopped
from payouts.models import Attempt, Payout, PayoutBatch
from payouts.states import AttemptState, BatchState, PayoutState
from tests.at_once import at_once
from tests.ledger.test_crash import Killer
from tests.payouts.house import House
from tests.payouts.till import TILL
from wallets.rails.sending import Paid

pytestmark = pytest.mark.django_db(transaction=True)


def _at(moment: datetime) -> datetime:
    return moment


def cut_off(after: int, act: Callable[[], Any]) -> bool:
    """Do something with the connection cut after so many statements; whether it was cut before it was through."""
    killer = Killer(after)
    try:
        with connection.execute_wrapper(killer):
            act()
    except DatabaseError:
        connections.close_all()
        return True
    connections.close_all()
    return killer.count >= after


def test_an_execution_cut_off_anywhere_is_finished_and_pays_once(house_of_two: House) -> None:
    house = house_of_two
    house.funds("100000")
    after, owed = 0, 0
    while True:
        after += 1
        house.earns("ada", "30")
        house.earns("bea", "20")
        owed += 50
        batch = house.started()

        was_cut = cut_off(after, house.send)

        later = timezone.now() + timedelta(minutes=3)
        house.send(clock=partial(_at, later))
        house.ask(after=timedelta(minutes=10))
        operations.sweep_batches(at=timezone.now())
        assert house.state(batch) == BatchState.EXECUTED, f"after statement {after}: {house.payouts(batch)}"
        assert sum(TILL.sums().values()) == owed, f"after statement {after}"
        assert not Attempt.objects.exclude(state=AttemptState.CONFIRMED).exists()
        if not was_cut:
            break
    house.require_order()
    assert after > 20, "there are more statements than that"


@pytest.mark.parametrize("verb", ["collect_due", "submit_batch", "execute_batch"])
def test_a_step_cut_off_anywhere_is_done_whole_or_not_at_all(house_of_two: House, verb: str) -> None:
    house = house_of_two
    house.earns("ada", "30.5")
    batch = {"collect_due": house.batch, "submit_batch": house.collected, "execute_batch": house.approved}[verb]()
    more: dict[str, Any] = {"reason": "x", "waits_for_float": True} if verb == "submit_batch" else {}
    before = (house.state(batch), house.payouts(batch), house.rows("ada"))

    for after in range(1, 200):
        if not cut_off(after, lambda: house.do(verb, batch, by=house.maker, **more)):
            break
        if (house.state(batch), house.payouts(batch), house.rows("ada")) != before:
            break  # the cut came behind the commit
        house.require_order()
    assert after > 5
    assert (house.state(batch), house.payouts(batch), house.rows("ada")) != before
    house.require_order()


def test_two_press_execute_at_once(house_of_two: House) -> None:
    house = house_of_two
    house.earns("ada", "120")
    house.funds("1000")
    batch = house.approved()

    def execute(by: Any) -> Callable[[], Any]:
        return lambda: operations.execute_batch(batch.pk, program_id=house.program.pk, by=by, at=timezone.now())

    outcomes = at_once(execute(house.maker), execute(house.approver))

    assert outcomes.count(WrongState) == 1
    assert sum(isinstance(outcome, PayoutBatch) for outcome in outcomes) == 1
    house.send()
    assert len(TILL.calls) == 1


def test_two_dispatchers_send_everything_once(house_of_two: House) -> None:
    house = house_of_two
    house.funds("10000")
    for name in ("ada", "bea", "cyd", "dan"):
        house.earns(name, "50")
    batch = house.started()

    def send(holder: str) -> Callable[[], Any]:
        return lambda: operations.send_due(house.account.pk, holder=holder, seconds_at_most=20)

    at_once(send("one"), send("two"), send("three"))
    house.send()

    assert len(TILL.calls) == len(set(TILL.calls)) == 4
    assert house.state(batch) == BatchState.EXECUTED
    house.require_order()


def test_once_it_is_stopped_nothing_more_is_called(house_of_two: House) -> None:
    house = house_of_two
    house.funds("10000")
    for name in ("ada", "bea", "cyd", "dan"):
        house.earns(name, "50")
    house.started()
    stopped_at: list[int] = []

    def stop() -> None:
        operations.pull_brake(house.program, reason="Something is wrong", at=timezone.now())
        called = Attempt.objects.filter(called_at__isnull=False).count()
        stopped_at.append(called)

    at_once(stop, lambda: operations.send_due(house.account.pk, holder="one", seconds_at_most=20))

    assert Attempt.objects.filter(called_at__isnull=False).count() == stopped_at[0]
    assert len(TILL.calls) == stopped_at[0]
    with pytest.raises(Stopped):
        operations.require_running(house.program.pk)
    house.require_order()


def test_the_same_callback_three_times_at_once(house_of_two: House) -> None:
    house = house_of_two
    house.earns("ada", "120")
    house.funds("1000")
    TILL.behaves = lambda order: "accepted_paid"
    batch = house.started()
    house.send()
    attempt = Attempt.objects.get()
    told = Paid(receipt="R-1", amount=attempt.amount)

    at_once(*(lambda: operations.record_answers([(attempt.pk, told)], at=timezone.now()) for _ in range(3)))

    operations.sweep_batches(at=timezone.now())
    assert house.state(batch) == BatchState.EXECUTED
    assert house.books() == {"float": "880", "in_flight": "0", "fees": "0"}
    house.require_order()


def test_two_batches_do_not_claim_the_same(house_of_two: House) -> None:
    house = house_of_two
    house.earns("ada", "120")
    batches = [house.batch(), house.batch()]

    def collect(batch: PayoutBatch) -> Callable[[], Any]:
        return lambda: operations.collect_due(batch.pk, program_id=house.program.pk, by=house.maker, at=timezone.now())

    at_once(*(collect(batch) for batch in batches))

    assert Payout.objects.filter(state=PayoutState.READY).count() == 1
    house.require_order()


def test_a_vote_and_a_recall_at_once(house_of_two: House) -> None:
    house = house_of_two
    house.earns("ada", "120")
    batch = house.submitted()
    proposal = batch.proposal
    assert proposal is not None

    def agree() -> Any:
        return vote(
            proposal.pk, revision=proposal.revision, digest=proposal.digest, decision=Decision.APPROVE,
            by=house.approver, at=timezone.now(),
        )  # fmt: skip

    at_once(
        agree,
        lambda: operations.recall_batch(
            batch.pk, program_id=house.program.pk, reason="x", by=house.maker, at=timezone.now()
        ),
    )

    assert house.state(batch) in (BatchState.DRAFT, BatchState.APPROVED)
    house.require_order()
