"""What was paid on a chain is looked at again, and held against the books."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.models import Entry
from audit.reconciliation import Scope, chosen_checks
from payouts import operations
from payouts.models import Attempt
from tests.evm.relay import Relay, answering
from tests.payouts.chain_house import DEPTH, HOT, ChainHouse, address

pytestmark = pytest.mark.django_db

ADA, EVE = address(1), address(9)


@pytest.fixture
def on(chain_house: ChainHouse) -> ChainHouse:
    """Ada has been paid 120."""
    on = chain_house
    on.earns("ada", "120", to=ADA)
    on.started()
    on.house.send()
    on.settle()
    assert on.house.attempts("ada") == ["120 CONFIRMED"]
    return on


def looks(*, days: int) -> dict[str, int]:
    came = operations.look_again(seconds_at_most=30, clock=lambda: timezone.now() + timedelta(days=days))
    return dict(came)


def settled_now() -> None:
    """A chain house asks days ahead."""
    Attempt.objects.update(settled_at=timezone.now(), answered_at=timezone.now())


def findings(*, days: int = 0, name: str = "payouts.chain") -> list[str]:
    [check] = chosen_checks([name])
    scope = Scope(program_id=None, at=timezone.now() + timedelta(days=days))
    return [found.title for found in check.examine(scope)]


def test_what_stands_is_looked_at_once_a_night_for_two_weeks(on: ChainHouse) -> None:
    settled_now()

    assert looks(days=0) == {}
    assert looks(days=1) == {"stands": 1}
    assert looks(days=1) == {}
    assert looks(days=13) == {"stands": 1}
    assert looks(days=20) == {}
    assert on.house.attempts("ada") == ["120 CONFIRMED"]


def test_what_is_gone_is_found_and_sent_again_as_it_was(on: ChainHouse) -> None:
    settled_now()
    on.chain.forget(DEPTH)
    assert on.arrived(ADA) == []

    assert looks(days=1) == {"gone": 1}

    assert on.house.attempts("ada") == ["120 CONFIRMED GONE"]
    [said] = findings(name="payouts.outcomes")
    assert said.endswith("what showed that it was paid is gone")
    assert Entry.objects.filter(action="payouts.attempt.gone").count() == 1
    on.mine()
    assert on.arrived(ADA) == [120_000_000], "the same bytes, once"
    assert looks(days=2) == {"stands": 1}
    assert on.house.attempts("ada") == ["120 CONFIRMED"]
    assert Entry.objects.filter(action="payouts.attempt.stands_again").count() == 1
    assert findings(name="payouts.outcomes") == []


def test_what_is_gone_is_not_sent_while_everything_is_stopped(on: ChainHouse) -> None:
    settled_now()
    on.chain.forget(DEPTH)
    operations.pull_brake(on.house.program, reason="Something is wrong", at=timezone.now())

    assert looks(days=1) == {"gone": 1}

    on.mine()
    assert on.arrived(ADA) == []
    assert on.house.attempts("ada") == ["120 CONFIRMED GONE"]


def test_what_was_strange_before_it_was_gone_still_is(on: ChainHouse) -> None:
    settled_now()
    Attempt.objects.update(trouble="PAID_LATE")
    on.chain.forget(DEPTH)
    looks(days=1)
    on.mine()

    looks(days=2)

    assert on.house.attempts("ada") == ["120 CONFIRMED PAID_LATE"]


def test_a_silent_node_says_nothing_of_what_was_paid(on: ChainHouse, relay: Relay) -> None:
    settled_now()
    relay.instead = answering(b"", status=503)

    assert looks(days=1) == {"silent": 1}

    assert on.house.attempts("ada") == ["120 CONFIRMED"]
    relay.instead = None
    assert looks(days=1) == {"stands": 1}


# The books and the chain


def test_books_and_chain_agree(on: ChainHouse) -> None:
    settled_now()

    assert findings() == []


@pytest.mark.parametrize("blocks", [0, 1, 2, 3])
def test_what_is_on_its_way_may_have_left_or_not(chain_house: ChainHouse, blocks: int) -> None:
    on = chain_house
    on.earns("ada", "120", to=ADA)
    on.started()
    on.house.send()
    if blocks:
        on.mine(blocks)

    assert findings() == []


def test_what_is_missing_at_the_address_is_found(on: ChainHouse) -> None:
    settled_now()
    on.token.call("transfer", EVE, 5, by=HOT)

    coins, tokens = findings()

    assert coins.startswith("hot: 9.99")
    assert tokens == "hot: 879.999995 TOK is there, and the books have 880"


def test_what_nobody_has_booked_is_found(on: ChainHouse) -> None:
    settled_now()
    on.token.call("transfer", on.hot, 1)

    assert findings() == ["hot: 880.000001 TOK is there, and the books have 880"]


def test_a_node_that_is_down_is_a_finding_and_nothing_more_is_asked(
    on: ChainHouse, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled_now()
    asked: list[Any] = []
    refuses = answering(b"", status=503)
    relay.instead = lambda handler, body: (asked.append(body), refuses(handler, body))[1]  # type: ignore[func-returns-value]

    assert findings() == ["hot: the chain can't be asked"]
    assert len(asked) == 1


def test_what_is_not_looked_at_again_is_found(on: ChainHouse) -> None:
    settled_now()

    assert findings(days=1) == []
    assert findings(days=3) == ["hot: what was paid is not looked at again"]


def test_a_number_that_somebody_else_has_used_is_found_at_once(chain_house: ChainHouse) -> None:
    on = chain_house
    on.earns("ada", "120", to=ADA)
    on.started()
    on.house.send()
    on.chain.ask(
        "eth_sendTransaction",
        {"from": on.hot, "to": EVE, "value": "0x1", "nonce": "0x0", "gas": hex(21_000),
         "maxFeePerGas": hex(10**11), "maxPriorityFeePerGas": hex(10**11)},
    )  # fmt: skip
    on.settle()

    found = findings()

    assert found[-1].endswith("somebody else has used its number 0")
