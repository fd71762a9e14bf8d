"""What a chain or a token will not pay, what it pays otherwise than it was told, and what is not there."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from identity.models import Program
from identity.operations import store_setting
from payouts.models import Attempt
from tests.evm.chain import Chain
from tests.evm.relay import Relay
from tests.payouts.chain_house import HOT, ChainHouse, address, house_on
from tests.payouts.house import House
from tests.payouts.test_approval import refused

pytestmark = pytest.mark.django_db

ADA, BEA, EVE = address(1), address(2), address(9)


def waits(on: ChainHouse, says: str) -> None:
    """Hold that nothing is sent, and nothing changed."""
    sent = on.house.send()
    assert says in sent.waits_for
    assert sent.counts == {}
    assert not Attempt.objects.exists()
    on.house.require_order()


def pay(on: ChainHouse, *, amount: str = "120", to: str = ADA, code: str = "TOK") -> Any:
    on.earns("ada", amount, to=to, code=code)
    return on.started(asset=code)


def test_a_payment_that_would_fail_is_held_before_it_is_signed(
    house_of_two: House, chain: Chain, settings: Any
) -> None:
    on = house_on(chain, house_of_two, chain.deploy("TokenWithBlocklist"), settings)
    on.token.call("block_", ADA)
    on.earns("ada", "120", to=ADA)
    on.earns("bea", "30", to=BEA)
    batch = on.started()

    on.house.send()
    on.settle()

    assert on.house.payouts(batch) == ["ada 120 HELD reverts", "bea 30 PAID"]
    assert on.house.payout("ada").reason == "The transfer would fail: execution reverted: blocked"
    assert (on.arrived(ADA), on.arrived(BEA)) == ([], [30_000_000])
    on.require_order()


def test_a_payment_that_fails_on_the_chain_is_refused_and_costs_gas(
    house_of_two: House, chain: Chain, settings: Any
) -> None:
    on = house_on(chain, house_of_two, chain.deploy("TokenWithBlocklist"), settings)
    batch = pay(on)
    on.house.send()
    chain.wait_with_mining()
    chain.send(on.token.address, data=f"0x{selector(on, 'block_')}{'0' * 24}{ADA[2:]}", is_urgent=True)
    on.mine(1)
    on.ask()
    assert on.house.attempts("ada") == ["120 SENT"], "the block may be taken back"

    on.settle()

    assert on.house.attempts("ada") == ["120 REFUSED"]
    assert on.house.payouts(batch) == ["ada 120 FAILED reverted"]
    assert Decimal(on.books("ETH")["fees"]) > 0
    assert on.books()["float"] == "1000"
    assert on.arrived(ADA) == []
    on.require_order()


def selector(on: ChainHouse, method: str) -> str:
    return next(each for name, each in on.token.selectors.items() if name.partition("(")[0] == method)


def test_a_token_that_keeps_a_fee_has_not_paid_what_was_agreed_on(
    house_of_two: House, chain: Chain, settings: Any
) -> None:
    on = house_on(chain, house_of_two, chain.deploy("TokenWithFee"), settings)
    pay(on)

    on.house.send()
    on.settle()

    assert on.house.attempts("ada") == ["120 UNKNOWN OTHER_AMOUNT"]
    assert Attempt.objects.get().evidence["said"]["amount"] == "108"
    assert on.arrived(ADA) == [108_000_000]
    assert on.books()["in_flight"] == "120"
    on.house.require_order()
    on.house.send()
    on.settle()
    assert on.arrived(ADA) == [108_000_000], "never sent again"


def test_a_token_that_answers_nothing_pays(house_of_two: House, chain: Chain, settings: Any) -> None:
    on = house_on(chain, house_of_two, chain.deploy("TokenWithBalances"), settings)
    batch = pay(on)

    on.house.send()
    on.settle()

    assert on.house.payouts(batch) == ["ada 120 PAID"]
    assert on.arrived(ADA) == [120_000_000]
    on.require_order()


def test_a_token_that_says_no_is_believed(house_of_two: House, chain: Chain, settings: Any) -> None:
    on = house_on(chain, house_of_two, chain.deploy("TokenThatSaysNo"), settings)
    batch = pay(on, amount="120.000001")

    on.house.send()

    assert on.house.payouts(batch) == ["ada 120.000001 HELD reverts"]
    assert on.house.payout("ada").reason == "The token says that it would not send it."


def test_a_success_that_moves_nothing_is_left_to_people(house_of_two: House, chain: Chain, settings: Any) -> None:
    on = house_on(chain, house_of_two, chain.deploy("TokenThatSaysNo"), settings)
    pay(on)
    on.house.send()
    chain.wait_with_mining()
    chain.send(on.token.address, data=f"0x{selector(on, 'fallSilent')}", is_urgent=True)

    on.settle()

    assert on.house.attempts("ada") == ["120 UNKNOWN"]
    assert "it shows no transfer from us to the payee" in Attempt.objects.get().reason
    on.house.send()
    on.settle()
    assert on.house.attempts("ada") == ["120 UNKNOWN"]
    assert on.arrived(ADA) == []


def test_an_amount_that_there_can_not_be_is_left_to_people(chain_house: ChainHouse, relay: Relay) -> None:
    on = chain_house
    pay(on)
    on.house.send()

    def boast(receipt: Any) -> Any:
        for log in receipt["logs"] if receipt else ():
            log["data"] = "0x" + "f" * 64
        return receipt

    relay.lies["eth_getTransactionReceipt"] = boast
    on.settle()

    assert on.house.attempts("ada") == ["120 UNKNOWN"]
    relay.lies.clear()
    on.ask()
    assert on.house.attempts("ada") == ["120 CONFIRMED"]
    on.require_order()


@pytest.mark.parametrize("whose", ["the token's own", "where it is paid from", "nobody's"])
def test_nothing_is_sent_where_it_is_lost(chain_house: ChainHouse, whose: str) -> None:
    on = chain_house
    to = {
        "the token's own": on.token.address, "where it is paid from": on.hot, "nobody's": "0x" + "0" * 40,
    }[whose]  # fmt: skip
    batch = pay(on, to=to)

    on.house.send()

    assert on.house.payouts(batch) == ["ada 120 HELD bad_destination"]
    assert whose in on.house.payout("ada").reason
    on.require_order()


# What is not there


def test_without_tokens_it_waits(chain_house: ChainHouse) -> None:
    on = chain_house
    on.token.call("transfer", EVE, 900_000_000, by=HOT)
    batch = pay(on)

    waits(on, f"there is 100 TOK at {on.hot}, and 120 is to be sent: waits")

    assert on.house.payouts(batch) == ["ada 120 READY"]
    on.token.call("transfer", on.hot, 20_000_000)
    on.house.send()
    on.settle()
    assert on.house.payouts(batch) == ["ada 120 PAID"]
    assert on.arrived(ADA) == [120_000_000]


def test_without_coins_for_gas_it_waits(chain_house: ChainHouse) -> None:
    on = chain_house
    batch = pay(on)
    on.chain.ask("anvil_setBalance", on.hot, "0x1")

    waits(on, "there is 0.000000000000000001 of the chain's coin")

    on.chain.ask("anvil_setBalance", on.hot, hex(10**19))
    on.house.send()
    on.settle()
    assert on.house.payouts(batch) == ["ada 120 PAID"]
    on.require_order()


def test_coins_that_leave_none_for_gas_wait(chain_house: ChainHouse) -> None:
    on = chain_house
    batch = pay(on, amount="10", code="ETH")

    waits(on, "there is 10 of the chain's coin")

    assert on.house.payouts(batch) == ["ada 10 READY"]


def test_while_gas_costs_too_much_it_waits(chain_house: ChainHouse) -> None:
    on = chain_house
    batch = pay(on)
    on.price(500)

    waits(on, "gwei, and 200 gwei is the most: waits")

    on.price(1)
    on.house.send()
    on.settle()
    assert on.house.payouts(batch) == ["ada 120 PAID"]
    on.require_order()


def test_what_gas_may_cost_is_set_chain_by_chain(chain_house: ChainHouse) -> None:
    on = chain_house
    batch = pay(on)
    on.price(500)
    allow(f"{on.chain.chain_id}:1000.5", "1:3")

    on.house.send()
    on.settle()

    assert on.house.payouts(batch) == ["ada 120 PAID"]
    assert on.wire("ada")["signed"][0]["max_fee"] <= 1_000_500_000_000


@pytest.mark.parametrize("lines", [["1"], ["1:0"], ["1:0.0"], ["0:1"], ["1:-3"], ["1:1e3"], ["1:2", "1:3"], ["x:1"]])
def test_a_price_of_gas_that_makes_no_sense_is_refused(chain_house: ChainHouse, lines: list[str]) -> None:
    refused("setting_makes_no_sense", lambda: allow(*lines))


def allow(*lines: str) -> None:
    store_setting(
        "wallets.gas_price_at_most", program=Program.objects.get(slug="house"), value=list(lines), version=0,
        reason="Gas", at=timezone.now(),
    )  # fmt: skip


def test_a_token_of_other_decimals_is_not_paid(chain_house: ChainHouse) -> None:
    on = chain_house
    pay(on)
    other = on.chain.ask("eth_getCode", on.chain.deploy("Token", 18).address, "latest")
    on.chain.ask("anvil_setCode", on.token.address, other)

    waits(on, "has 18 decimals, and the books have 6")
