"""What a chain has brought to an address of ours, asked of a real one."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.evm.chain import Chain, Contract
from wallets.rails import RailError
from wallets.rails.evm import (
    FINALIZED,
    Finality,
    NotFound,
    Proven,
    Reverted,
    Seen,
    Shallow,
    Transfer,
    Unrelated,
    look_up,
    lookups,
)
from wallets.rails.evm.nodes import Question, ask

OURS = "0x" + "a1" * 20
THEIRS = "0x" + "b2" * 20
PAID = 25_000_000


def seen(
    chain: Chain, tx_hash: str, token: Contract | None, *, to: str = OURS, finality: Finality = 1, scale: int = 6
) -> Seen:  # fmt: skip
    return look_up(
        chain.chain_id, tx_hash, to=to, token=token.address if token else "", scale=scale, finality=finality
    )  # fmt: skip


def proven(chain: Chain, tx_hash: str, token: Contract | None, **more: Any) -> tuple[Transfer, ...]:
    found = seen(chain, tx_hash, token, **more)
    assert isinstance(found, Proven)
    return found.transfers


def between(monkeypatch: pytest.MonkeyPatch, journey: int, happens: Callable[[], object]) -> None:
    """Let something happen on the chain just before the house asks its node for the so-manyeth time."""
    journeys = 0

    def asking(chain_id: int, *questions: Question) -> list[Any]:
        nonlocal journeys
        journeys += 1
        if journeys == journey:
            happens()
        return ask(chain_id, *questions)

    monkeypatch.setattr(lookups, "ask", asking)


# What is proven


def test_a_payment_is_proven(chain: Chain, usdc: Contract) -> None:
    tx_hash = usdc.call("transfer", OURS, PAID)

    found = seen(chain, tx_hash, usdc)

    receipt = chain.receipt(tx_hash)
    assert isinstance(found, Proven)
    assert found.transfers == (Transfer(chain.accounts[0], OURS, PAID, 1, 0),)
    assert (hex(found.block_number), found.block_hash) == (receipt["blockNumber"], receipt["blockHash"])
    assert found.depth == 1
    assert abs(found.mined_at - datetime.now(UTC)) < timedelta(hours=1)


def test_two_transfers_in_one_transaction_are_two_proofs(chain: Chain, usdc: Contract) -> None:
    tx_hash = usdc.call("transferTwice", OURS, 7, OURS, 9)

    assert [(each.units, each.position, each.log_index) for each in proven(chain, tx_hash, usdc)] == [
        (7, 1, 0), (9, 2, 1),
    ]  # fmt: skip


def test_of_two_transfers_only_ours_counts(chain: Chain, usdc: Contract) -> None:
    tx_hash = usdc.call("transferTwice", THEIRS, 7, OURS, 9)

    assert [(each.units, each.position) for each in proven(chain, tx_hash, usdc)] == [(9, 2)]
    assert [(each.units, each.position) for each in proven(chain, tx_hash, usdc, to=THEIRS)] == [(7, 1)]


def test_the_largest_number_there_is(chain: Chain, usdc: Contract) -> None:
    tx_hash = usdc.call("transfer", OURS, 2**256 - 1)

    assert [each.units for each in proven(chain, tx_hash, usdc)] == [2**256 - 1]


def test_a_token_that_keeps_a_fee_has_brought_what_arrived(chain: Chain) -> None:
    token = chain.deploy("TokenWithFee")

    assert [each.units for each in proven(chain, token.call("transfer", OURS, 1_000), token)] == [900]


def test_a_token_that_answers_nothing_is_believed(chain: Chain) -> None:
    token = chain.deploy("TokenWithoutAnswer")

    assert [each.units for each in proven(chain, token.call("transfer", OURS, PAID), token)] == [PAID]


def test_the_chains_own_coin(chain: Chain) -> None:
    tx_hash = chain.send(OURS, value=10**18, by=3)

    found = proven(chain, tx_hash, None, scale=18)

    assert found == (Transfer(chain.accounts[3], OURS, 10**18, 0, None),)


def test_a_coin_that_comes_with_a_call(chain: Chain) -> None:
    forwarder = chain.deploy("Forwarder")
    tx_hash = forwarder.call("forward", OURS, value=5)

    # What the transaction carries is the contract's; what the contract passes on leaves no trace in it.
    assert [each.units for each in proven(chain, tx_hash, None, to=forwarder.address, scale=18)] == [5]
    assert isinstance(seen(chain, tx_hash, None, scale=18), Unrelated)


# What is not


def test_another_token_is_not_it(chain: Chain, usdc: Contract) -> None:
    other = chain.deploy("Token", 6)
    tx_hash = other.call("transfer", OURS, PAID)

    assert isinstance(seen(chain, tx_hash, usdc), Unrelated)
    assert isinstance(seen(chain, tx_hash, None, scale=18), Unrelated)
    assert proven(chain, tx_hash, other)


def test_another_address_is_not_ours(chain: Chain, usdc: Contract) -> None:
    assert isinstance(seen(chain, usdc.call("transfer", THEIRS, PAID), usdc), Unrelated)
    assert isinstance(seen(chain, chain.send(THEIRS, value=5), None, scale=18), Unrelated)


def test_a_coin_is_no_token_and_a_token_no_coin(chain: Chain, usdc: Contract) -> None:
    assert isinstance(seen(chain, chain.send(OURS, value=5), usdc), Unrelated)
    assert isinstance(seen(chain, usdc.call("transfer", OURS, PAID), None, scale=18), Unrelated)


def test_nothing_is_no_payment(chain: Chain, usdc: Contract) -> None:
    assert isinstance(seen(chain, usdc.call("transfer", OURS, 0), usdc), Unrelated)
    assert isinstance(seen(chain, chain.send(OURS, value=0), None, scale=18), Unrelated)


def test_what_we_send_ourselves_is_no_payment(chain: Chain, usdc: Contract) -> None:
    ours = chain.accounts[0]

    assert isinstance(seen(chain, usdc.call("transfer", ours, PAID), usdc, to=ours), Unrelated)
    assert isinstance(seen(chain, chain.send(ours, value=5), None, to=ours, scale=18), Unrelated)


def test_a_contract_that_is_made_brings_nothing(chain: Chain, usdc: Contract) -> None:
    created = chain.ask("eth_getBlockByNumber", "latest", False)["transactions"][0]

    assert isinstance(seen(chain, created, None, scale=18), Unrelated)


def test_a_liar_is_not_the_token(chain: Chain, usdc: Contract) -> None:
    liar = chain.deploy("Liar")
    usdc.call("transfer", liar.address, 10)

    assert isinstance(seen(chain, liar.call("pretend", chain.accounts[1], OURS, PAID), usdc), Unrelated)
    # Its word stands beside a little of the true token.
    beside = proven(chain, liar.call("pretendBeside", usdc.address, OURS, PAID), usdc)
    assert [(each.units, each.position) for each in beside] == [(1, 2)]


def test_what_only_looks_like_a_transfer_is_left_out(chain: Chain) -> None:
    liar = chain.deploy("Liar")
    tx_hash = liar.call("mumble", THEIRS, OURS, PAID)

    assert len(chain.receipt(tx_hash)["logs"]) == 11
    assert isinstance(seen(chain, tx_hash, liar), Unrelated)


def test_what_failed_has_brought_nothing(chain: Chain, usdc: Contract) -> None:
    poor = usdc.call("transfer", OURS, PAID, by=5)
    unwelcome = chain.send(usdc.address, value=5)

    assert chain.receipt(poor)["status"] == "0x0"
    assert isinstance(seen(chain, poor, usdc), Reverted)
    assert isinstance(seen(chain, unwelcome, None, to=usdc.address, scale=18), Reverted)


def test_what_failed_has_failed_only_once_it_is_deep(chain: Chain, usdc: Contract) -> None:
    poor = usdc.call("transfer", OURS, PAID, by=5)

    assert seen(chain, poor, usdc, finality=2) == Shallow(1, 2)


# Depth


def test_what_waits_is_not_there_yet(chain: Chain, usdc: Contract) -> None:
    chain.wait_with_mining()
    tx_hash = usdc.call("transfer", OURS, PAID)

    assert isinstance(seen(chain, tx_hash, usdc), NotFound)
    chain.mine()
    assert proven(chain, tx_hash, usdc)


def test_nobody_knows_it(chain: Chain, usdc: Contract) -> None:
    assert isinstance(seen(chain, "0x" + "0" * 64, usdc), NotFound)


def test_shallow_then_deep(chain: Chain, usdc: Contract) -> None:
    tx_hash = usdc.call("transfer", OURS, PAID)

    assert seen(chain, tx_hash, usdc, finality=3) == Shallow(1, 3)
    chain.mine()
    assert seen(chain, tx_hash, usdc, finality=3) == Shallow(2, 3)
    chain.mine()
    found = seen(chain, tx_hash, usdc, finality=3)
    assert isinstance(found, Proven)
    assert found.depth == 3


@pytest.mark.parametrize("what", ["token", "coin"])
def test_until_the_node_calls_it_final(chain: Chain, usdc: Contract, what: str) -> None:
    token, scale = (usdc, 6) if what == "token" else (None, 18)
    tx_hash = usdc.call("transfer", OURS, PAID) if token else chain.send(OURS, value=5)
    at = int(chain.receipt(tx_hash)["blockNumber"], 16)

    def final() -> int:
        return int(chain.ask("eth_getBlockByNumber", "finalized", False)["number"], 16)

    assert final() < at
    assert seen(chain, tx_hash, token, finality=FINALIZED, scale=scale) == Shallow(1, FINALIZED)
    while final() < at - 1:
        chain.mine()
    assert isinstance(seen(chain, tx_hash, token, finality=FINALIZED, scale=scale), Shallow)
    chain.mine()
    assert final() == at
    assert proven(chain, tx_hash, token, finality=FINALIZED, scale=scale)


# What the chain takes back


def test_a_payment_that_the_chain_forgets(chain: Chain, usdc: Contract) -> None:
    chain.mine(3)
    tx_hash = usdc.call("transfer", OURS, PAID)
    chain.mine()
    assert seen(chain, tx_hash, usdc, finality=3) == Shallow(2, 3)

    chain.wait_with_mining()
    chain.forget(2)
    chain.ask("anvil_dropAllTransactions")
    chain.mine(5)

    assert isinstance(seen(chain, tx_hash, usdc, finality=3), NotFound)


def test_a_payment_that_moves_keeps_its_position(chain: Chain, usdc: Contract) -> None:
    chain.mine(3)
    tx_hash = usdc.call("transfer", OURS, PAID, by=0)
    raw, first = chain.raw(tx_hash), seen(chain, tx_hash, usdc)
    assert isinstance(first, Proven)

    chain.wait_with_mining()
    chain.forget(1)
    chain.ask("anvil_dropAllTransactions")
    chain.send_code("Token", 6, by=1, is_urgent=True)  # what it says of its first owner comes first in the block
    chain.send_again(raw)
    chain.mine()

    second = seen(chain, tx_hash, usdc)
    assert isinstance(second, Proven)
    assert second.block_hash != first.block_hash
    assert (first.transfers[0].log_index, second.transfers[0].log_index) == (0, 1)
    assert first.transfers[0].position == second.transfers[0].position == 1


@pytest.mark.parametrize("journey", [2, 3])
def test_a_payment_that_is_forgotten_while_we_ask(
    chain: Chain, usdc: Contract, journey: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain.mine(3)
    tx_hash = usdc.call("transfer", OURS, PAID)
    chain.mine()

    def forget() -> None:
        chain.wait_with_mining()
        chain.forget(2)
        chain.ask("anvil_dropAllTransactions")
        chain.mine(5)

    between(monkeypatch, journey, forget)

    assert isinstance(seen(chain, tx_hash, usdc), NotFound)


def test_a_coin_that_moves_while_we_ask(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    chain.mine(3)
    tx_hash = chain.send(OURS, value=5)
    raw = chain.raw(tx_hash)

    def move() -> None:
        chain.wait_with_mining()
        chain.forget(1)
        chain.ask("anvil_dropAllTransactions")
        chain.mine()
        chain.send_again(raw)
        chain.mine()

    between(monkeypatch, 2, move)

    assert isinstance(seen(chain, tx_hash, None, scale=18), NotFound)
    monkeypatch.undo()
    assert proven(chain, tx_hash, None, scale=18)


def test_a_chain_that_is_shorter_by_now(chain: Chain, usdc: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    chain.mine(3)
    tx_hash = usdc.call("transfer", OURS, PAID)
    between(monkeypatch, 2, lambda: chain.ask("anvil_rollback", 2))

    assert seen(chain, tx_hash, usdc) == Shallow(0, 1)


# Which chain, which token


def test_a_node_of_another_chain(chain: Chain, usdc: Contract) -> None:
    tx_hash = usdc.call("transfer", OURS, PAID)

    with pytest.raises(RailError, match="one of chain 31337, and chain 1 was asked for") as fault:
        look_up(1, tx_hash, to=OURS, token=usdc.address, scale=6, finality=1)

    assert fault.value.is_permanent


@pytest.mark.parametrize("journey", [1, 2, 3])
def test_behind_one_address_there_may_be_nodes_of_two_chains(
    chain: Chain, usdc: Contract, journey: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tx_hash = usdc.call("transfer", OURS, PAID)
    between(monkeypatch, journey, lambda: chain.ask("anvil_setChainId", 5))
    try:
        with pytest.raises(RailError, match="one of chain 5"):
            seen(chain, tx_hash, usdc)
    finally:
        chain.ask("anvil_setChainId", chain.chain_id)


def test_a_token_with_other_decimals(chain: Chain) -> None:
    token = chain.deploy("Token", 18)
    tx_hash = token.call("transfer", OURS, PAID)

    for _ in range(2):
        with pytest.raises(RailError, match="has 18 decimals, and the books have 6") as fault:
            seen(chain, tx_hash, token)
        assert fault.value.is_permanent
    assert proven(chain, tx_hash, token, scale=18)


def test_a_coin_with_other_decimals(chain: Chain) -> None:
    with pytest.raises(RailError, match="the coin of chain 31337 has 18 decimals"):
        seen(chain, chain.send(OURS, value=5), None, scale=6)


def test_a_token_that_is_none(chain: Chain, usdc: Contract) -> None:
    tx_hash = usdc.call("transfer", OURS, PAID)

    with pytest.raises(RailError, match="does not say how many decimals") as fault:
        look_up(chain.chain_id, tx_hash, to=OURS, token=THEIRS, scale=6, finality=1)
    assert fault.value.is_permanent
    # This one is a contract, and refuses the question.
    with pytest.raises(RailError, match="refuses eth_call") as fault:
        seen(chain, tx_hash, chain.deploy("Forwarder"))
    assert fault.value.is_permanent


def test_a_token_is_asked_once(chain: Chain, usdc: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    methods: list[str] = []

    def asking(chain_id: int, *questions: Question) -> list[Any]:
        methods.extend(question.method for question in questions)
        return ask(chain_id, *questions)

    monkeypatch.setattr(lookups, "ask", asking)
    for _ in range(3):
        proven(chain, usdc.call("transfer", OURS, PAID), usdc)

    assert methods.count("eth_call") == 1
    assert methods.count("eth_getTransactionReceipt") == 3
