"""What is paid on a chain when we die, the node fails, or somebody is faster: once, and never lost."""

import sys
from collections.abc import Callable
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.utils import timezone

from payouts.models import Attempt, Desk
from payouts.proposable.outcomes import propose_outcome
from tests.evm.relay import Relay, answering
from tests.payouts.chain_house import HOT, ChainHouse, address
from tests.payouts.test_approval import refused
from tests.payouts.test_sending import agree
from wallets.rails.evm.paying import PAYER, EvmPayer

pytestmark = pytest.mark.django_db

ADA, BEA, CYD, EVE = address(1), address(2), address(3), address(9)


@pytest.fixture
def on(chain_house: ChainHouse) -> ChainHouse:
    """Ada, who is to be paid 120, and a batch that was agreed on."""
    chain_house.earns("ada", "120", to=ADA)
    chain_house.started()
    return chain_house


def paid_once(on: ChainHouse) -> None:
    on.settle()
    assert on.house.attempts("ada") == ["120 CONFIRMED"]
    assert on.arrived(ADA) == [120_000_000]
    on.require_order()


def dies(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def hears_nothing(relay: Relay, of: str) -> None:
    """Let questions through to the chain, and lose the answer to those that hold this one."""

    def lose(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        if of.encode() not in body:
            relay.pass_on(handler, body)
            return
        node = HTTPConnection("127.0.0.1", relay.chain.port, timeout=20)
        node.request("POST", "/", body, {"content-type": "application/json"})
        node.getresponse().read()
        node.close()
        answering(b"the gateway timed out", status=504)(handler, body)

    relay.instead = lose


# We die


def test_when_we_die_before_the_call_it_is_sent_by_the_next(on: ChainHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(sys.modules["payouts.operations.send_due"], "let_go", dies)
        on.house.send()
    assert on.house.attempts("ada") == ["120 STORED"]
    before = on.hashes("ada")

    on.house.send()

    assert on.hashes("ada") == before, "the same bytes"
    paid_once(on)


@pytest.mark.parametrize("is_sent", [False, True])
def test_when_we_die_in_the_call_the_same_bytes_are_sent_again(
    on: ChainHouse, monkeypatch: pytest.MonkeyPatch, is_sent: bool
) -> None:
    really = EvmPayer.submit

    def submit_and_die(*told: Any) -> None:
        if is_sent:
            really(*told)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(EvmPayer, "submit", submit_and_die)
        on.house.send()
    assert on.house.attempts("ada") == ["120 STORED"]
    assert Attempt.objects.get().called_at is not None

    on.house.send()

    assert on.house.attempts("ada") == ["120 SENT"]
    paid_once(on)


def test_when_we_die_and_it_was_mined_meanwhile_it_is_found(on: ChainHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    really = EvmPayer.submit

    def submit_and_die(*told: Any) -> None:
        really(*told)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(EvmPayer, "submit", submit_and_die)
        on.house.send()
    on.mine()

    on.house.send()

    assert on.house.attempts("ada") == ["120 SENT"], "the node says that its number is used, and knows it"
    paid_once(on)


# The node fails


def test_an_answer_that_is_lost_is_not_taken_for_a_no(on: ChainHouse, relay: Relay) -> None:
    hears_nothing(relay, "eth_sendRawTransaction")

    on.house.send()

    assert on.house.attempts("ada") == ["120 SENT"], "the node knows it"
    assert on.house.troupe.balance("rail:hot:in_flight", asset="TOK") == "120"
    paid_once(on)


def test_a_node_that_falls_silent_leaves_it_unclear_and_never_sent_under_another_number(
    on: ChainHouse, relay: Relay
) -> None:
    silent = answering(b"", status=503)

    def falls_silent(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        if b"eth_sendRawTransaction" in body:
            relay.instead = silent
        (silent if relay.instead is silent else relay.pass_on)(handler, body)

    relay.instead = falls_silent
    on.house.send()
    assert on.house.attempts("ada") == ["120 UNKNOWN"]
    on.ask()
    on.house.send()
    assert on.house.attempts("ada") == ["120 UNKNOWN"]
    assert len(on.hashes("ada")) == 1

    relay.instead = None
    on.ask()

    paid_once(on)


def test_while_the_node_is_down_nothing_is_tried(on: ChainHouse, relay: Relay) -> None:
    relay.instead = answering(b"", status=503)

    sent = on.house.send()

    assert sent.waits_for == "the node answers with status 503"
    assert not Attempt.objects.exists()
    assert on.books()["float"] == "1000"
    on.house.require_order()
    relay.instead = None
    on.house.send()
    paid_once(on)


def test_nothing_is_sent_to_another_chain(on: ChainHouse, relay: Relay) -> None:
    relay.lies["eth_chainId"] = lambda _: "0x1"

    sent = on.house.send()

    assert sent.waits_for == "the node is one of chain 1, and chain 31337 was asked for"
    assert not Attempt.objects.exists()
    relay.lies.clear()
    on.house.send()
    paid_once(on)


@pytest.mark.parametrize("key", ["", "0x" + "11" * 32])
def test_nothing_is_sent_without_the_key_of_the_address(on: ChainHouse, settings: Any, key: str) -> None:
    ours, settings.RELAYER_PRIVATE_KEY = settings.RELAYER_PRIVATE_KEY, key

    sent = on.house.send()

    assert "RELAYER_PRIVATE_KEY" in sent.waits_for
    assert not Attempt.objects.exists()
    settings.RELAYER_PRIVATE_KEY = ours
    on.house.send()
    paid_once(on)


# Dropped, and written anew


def test_what_the_node_has_dropped_is_sent_again_as_it_was(on: ChainHouse) -> None:
    on.house.send()
    on.drop("ada")
    on.mine()

    on.ask()

    assert len(on.hashes("ada")) == 1
    paid_once(on)


def test_what_is_priced_out_is_written_anew_under_its_number(on: ChainHouse) -> None:
    on.house.send()
    on.price(50)
    on.ask()
    assert len(on.hashes("ada")) == 1, "it may still become cheaper"
    on.pass_time(2)

    on.ask()

    first, second = on.wire("ada")["signed"]
    assert second["max_fee"] * 8 >= first["max_fee"] * 9
    assert second["tip"] * 8 >= first["tip"] * 9
    assert on.chain.ask("eth_getTransactionByHash", first["hash"]) is None
    paid_once(on)
    assert Attempt.objects.get().receipt == second["hash"]


def test_the_first_may_be_mined_after_it_was_written_anew(on: ChainHouse) -> None:
    on.house.send()
    on.price(50)
    on.pass_time(2)
    on.ask()
    first, second = on.wire("ada")["signed"]
    on.chain.ask("anvil_dropTransaction", second["hash"])
    on.chain.price(1)
    on.chain.send_again(first["raw"])

    paid_once(on)

    assert Attempt.objects.get().receipt == first["hash"]


def test_it_is_not_written_anew_above_what_gas_may_cost(on: ChainHouse) -> None:
    on.house.send()
    on.price(500)
    on.pass_time(2)

    on.ask()

    assert len(on.hashes("ada")) == 1
    on.price(1)
    on.ask()  # the node has dropped it
    assert len(on.hashes("ada")) == 1
    paid_once(on)


def test_of_two_that_write_it_anew_neither_forgets_the_others(on: ChainHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    on.house.send()
    on.price(50)
    on.pass_time(2)
    really, before, sent = EvmPayer.hurry, on.wire("ada"), []

    def somebody_is_faster(*told: Any) -> Any:
        wire = really(*told)
        theirs = {**wire, "signed": [*wire["signed"][:-1], {**wire["signed"][-1], "hash": "0x" + "ab" * 32}]}
        Attempt.objects.update(wire=theirs)
        return wire

    monkeypatch.setattr(EvmPayer, "hurry", somebody_is_faster)
    monkeypatch.setattr(EvmPayer, "submit", lambda *told: sent.append(told[-1]))
    on.ask()

    assert on.hashes("ada")[-1] == "0x" + "ab" * 32
    assert sent == [before], "what is not kept, nobody hears of"


def test_only_the_lowest_number_is_written_anew(chain_house: ChainHouse) -> None:
    on = chain_house
    for name, to in (("ada", ADA), ("bea", BEA), ("cyd", CYD)):
        on.earns(name, "20", to=to)
    on.started()
    on.house.send()
    on.price(50)
    on.pass_time(2)

    on.ask()

    assert sorted(len(on.hashes(name)) for name in ("ada", "bea", "cyd")) == [1, 1, 2]
    for _ in range(3):
        on.pass_time(2)
        on.ask()
    on.settle()
    assert [on.arrived(to) for to in (ADA, BEA, CYD)] == [[20_000_000]] * 3
    on.require_order()


# The chain changes its mind


@pytest.mark.parametrize("blocks", [1, 2])
def test_what_leaves_its_block_before_it_is_believed_is_sent_again(on: ChainHouse, blocks: int) -> None:
    on.house.send()
    on.mine(blocks)
    on.ask()
    on.chain.forget(blocks)
    assert on.arrived(ADA) == []

    on.ask()

    assert on.house.attempts("ada") == ["120 SENT"]
    assert len(on.hashes("ada")) == 1
    paid_once(on)


# Somebody else has the key


def test_a_number_that_somebody_else_has_used_asks_for_people(on: ChainHouse) -> None:
    on.house.send()
    nonce = on.wire("ada")["nonce"]
    use_number(on, nonce)
    on.mine(1)
    on.ask()
    assert on.house.attempts("ada") == ["120 SENT"], "it may be taken back"
    on.mine()

    on.ask()

    assert on.house.attempts("ada") == ["120 UNKNOWN"]
    attempt = Attempt.objects.get()
    assert attempt.reason.startswith(f"Number {nonce} of {on.hot} was used by a transaction that is not ours")
    on.ask()
    on.house.send()
    on.settle()
    assert on.house.attempts("ada") == ["120 UNKNOWN"], "never sent again by itself"
    assert on.arrived(ADA) == []
    assert on.books()["in_flight"] == "120"
    on.house.require_order()


def test_what_may_still_be_mined_is_not_said_to_have_failed(on: ChainHouse, relay: Relay) -> None:
    relay.instead = lambda handler, body: (answering(b"", status=503) if b"sendRaw" in body else relay.pass_on)(
        handler, body
    )
    on.house.send()
    assert on.house.attempts("ada") == ["120 UNKNOWN"]

    no = refused("bad_outcome", lambda: say_failed(on))

    assert no.params["reason"] == "its number on the chain is not used yet, so what was signed may still be mined"
    relay.instead = None
    on.ask()
    paid_once(on)


def test_what_can_not_come_any_more_is_said_to_have_failed_and_paid_under_the_next_number(on: ChainHouse) -> None:
    on.house.send()
    use_number(on, 0)
    on.settle()

    proposal = say_failed(on)
    agree(on.house, proposal)
    on.house.do("retry_payout", on.house.payout("ada"), reason="The key is ours again")
    on.house.send()
    on.settle()

    assert on.house.attempts("ada") == ["120 REFUSED", "120 CONFIRMED"]
    assert on.wire("ada")["nonce"] == 1
    assert on.arrived(ADA) == [120_000_000]
    on.house.require_order()


def say_failed(on: ChainHouse) -> Any:
    return propose_outcome(
        Attempt.objects.get().pk, program=on.house.program, outcome="FAILED", evidence="The node's log of the day",
        by=on.house.maker, at=timezone.now(),
    )  # fmt: skip


def use_number(on: ChainHouse, number: int) -> None:
    """Let somebody else who has the key be faster."""
    sent = {"from": on.hot, "to": EVE, "value": "0x1", "nonce": hex(number), "gas": hex(21_000)}
    on.chain.ask("eth_sendTransaction", {**sent, "maxFeePerGas": hex(10**11), "maxPriorityFeePerGas": hex(10**11)})


def test_numbers_go_on_behind_what_somebody_else_has_sent(on: ChainHouse) -> None:
    on.chain.send(EVE, value=1, by=HOT)
    on.chain.send(EVE, value=1, by=HOT)

    on.house.send()

    assert on.wire("ada")["nonce"] == 2
    on.settle()
    assert on.arrived(ADA) == [120_000_000]


def test_while_something_waits_that_nobody_here_has_sent_nothing_is(on: ChainHouse) -> None:
    """It may be ours, from before a database was restored: then it pays what we are about to pay again."""
    on.chain.wait_with_mining()
    on.chain.send(EVE, value=1, by=HOT)

    sent = on.house.send()

    assert sent.waits_for == f"transactions of {on.hot} wait that nobody here has sent: the last is 1"
    assert not Attempt.objects.exists()
    on.mine()
    on.house.send()
    on.settle()
    assert on.arrived(ADA) == [120_000_000]


def test_numbers_have_no_gaps_while_others_are_on_their_way(chain_house: ChainHouse) -> None:
    on = chain_house
    on.earns("ada", "20", to=ADA)
    on.started()
    on.house.send()
    on.earns("bea", "20", to=BEA)
    on.started()

    on.house.send()

    assert [on.wire("ada")["nonce"], on.wire("bea")["nonce"]] == [0, 1]
    assert Desk.objects.get().next_number == 2
    on.settle()
    assert [on.arrived(ADA), on.arrived(BEA)] == [[20_000_000], [20_000_000]]
    on.require_order()


def test_a_refusal_of_the_node_is_never_one_of_the_payment(
    on: ChainHouse, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuses: Callable[[BaseHTTPRequestHandler, bytes], None] = answering(
        b'[{"jsonrpc":"2.0","id":1,"result":"0x7a69"},'
        b'{"jsonrpc":"2.0","id":2,"error":{"code":-32000,"message":"intrinsic gas too low"}}]'
    )
    relay.instead = lambda handler, body: (refuses if b"sendRaw" in body else relay.pass_on)(handler, body)

    on.house.send()

    assert on.house.attempts("ada") == ["120 UNKNOWN"]
    assert "intrinsic gas too low" in Attempt.objects.get().reason
    assert PAYER.may_repeat
    relay.instead = None
    on.ask()
    paid_once(on)
