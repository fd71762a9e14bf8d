"""Nodes that fail, or say what can't be: a fault with a name, and never a proof."""

import gzip
import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from threading import Event
from typing import Any

import pytest

from audit.egress import Limits
from tests.evm.chain import Chain, Contract
from tests.evm.relay import Answer, Relay, answering, relay
from wallets.rails import RailError
from wallets.rails.evm import FINALIZED, Finality, NotFound, Proven, Seen, look_up, nodes

__all__ = ["relay"]

OURS = "0x" + "a1" * 20
OTHER = "0x" + "c3" * 32


@pytest.fixture
def paid(chain: Chain, usdc: Contract) -> Callable[..., Seen]:
    """Return how the house looks up a payment that was made."""
    tokens = usdc.call("transferTwice", OURS, 7, OURS, 9), usdc.address, 6
    coins = chain.send(OURS, value=5), "", 18

    def looked_up(*, is_coin: bool = False, finality: Finality = 1) -> Seen:
        tx_hash, token, scale = coins if is_coin else tokens
        return look_up(chain.chain_id, tx_hash, to=OURS, token=token, scale=scale, finality=finality)

    return looked_up


def fault(paid: Callable[..., Seen], **more: Any) -> RailError:
    with pytest.raises(RailError) as raised:
        paid(**more)
    return raised.value


def test_an_honest_node_answers_in_any_order(relay: Relay, paid: Callable[..., Seen]) -> None:
    assert isinstance(paid(), Proven)
    assert isinstance(paid(is_coin=True), Proven)


def test_a_node_that_writes_capitals(relay: Relay, paid: Callable[..., Seen]) -> None:
    def shouting(said: Any) -> Any:
        if isinstance(said, dict):
            return {name: shouting(each) for name, each in said.items()}
        if isinstance(said, list):
            return [shouting(each) for each in said]
        return "0x" + said[2:].upper() if isinstance(said, str) and said.startswith("0x") else said

    honest = paid(), paid(is_coin=True)
    for method in ("eth_getTransactionReceipt", "eth_getBlockByNumber"):
        relay.lies[method] = shouting
        assert (paid(), paid(is_coin=True)) == honest
    relay.lies["eth_getTransactionByHash"] = shouting
    assert (paid(), paid(is_coin=True)) == honest


# Nobody to ask


def test_no_node_is_configured(chain: Chain, paid: Callable[..., Seen], settings: Any) -> None:
    for configured in ({}, {1: chain.url}):
        settings.RPC_NODES = configured

        said = fault(paid)

        assert "no node of chain 31337 is configured" in str(said)
        assert said.is_permanent


def test_a_node_of_ours_is_opened_by_name(chain: Chain, paid: Callable[..., Seen], settings: Any) -> None:
    settings.EGRESS_PRIVATE_HOSTS = frozenset()

    said = fault(paid)

    assert "can't be asked" in str(said)
    assert said.is_permanent


def test_the_node_is_gone(relay: Relay, paid: Callable[..., Seen]) -> None:
    relay.server.shutdown()
    relay.server.server_close()

    said = fault(paid)

    assert "does not answer: no connection" in str(said)
    assert not said.is_permanent


def test_a_fault_does_not_tell_the_key_in_the_nodes_address(relay: Relay, paid: Callable[..., Seen]) -> None:
    relay.instead = answering(b"", status=401)

    assert "key" not in str(fault(paid))


# Answers that are none


@pytest.mark.parametrize(
    ("status", "is_permanent"),
    [(302, True), (400, True), (401, True), (404, True), (408, False), (429, False), (500, False), (503, False)],
)
def test_a_status_that_is_no_success(relay: Relay, paid: Callable[..., Seen], status: int, is_permanent: bool) -> None:
    relay.instead = answering(b"[]", status=status, Location=f"http://{relay.place}/")

    said = fault(paid)

    assert f"status {status}" in str(said)
    assert said.is_permanent == is_permanent


CHAIN = {"id": 1, "result": "0x7a69"}


@pytest.mark.parametrize(
    "said",
    [
        b"", b"<html>", b"\xff\xfe", b"null", b"{}", b"[]", b'"0x1"', b"[" * 100_000,
        b"[1, 2]", b"[null, null]", b"NaN",
        b'{"id": 1, "result": "0x7a69"}', b'[{"id": 1' + b"0" * 5_000 + b"}]",
        json.dumps([CHAIN]).encode(),
        json.dumps([CHAIN, CHAIN]).encode(),
        json.dumps([CHAIN, {"id": 3, "result": None}]).encode(),
        json.dumps([CHAIN, {"id": "2", "result": None}]).encode(),
        json.dumps([CHAIN, {"id": 2.0, "result": None}]).encode(),
        json.dumps([CHAIN, {"id": [2], "result": None}]).encode(),
        json.dumps([CHAIN, {"id": 2, "result": None}, {"id": 2, "result": None}]).encode(),
        json.dumps([CHAIN, {"id": 2}]).encode(),
        json.dumps([{"id": 1, "result": None}, {"id": 2, "result": None}]).encode(),
        json.dumps([{"id": 1, "result": 31337}, {"id": 2, "result": None}]).encode(),
        json.dumps([{"id": 1, "result": "0x"}, {"id": 2, "result": None}]).encode(),
        json.dumps([CHAIN, {"id": 2, "result": "0x1"}]).encode(),
    ],
)  # fmt: skip
def test_garbage(relay: Relay, paid: Callable[..., Seen], said: bytes) -> None:
    relay.instead = answering(said)

    assert not fault(paid).is_permanent


@pytest.mark.parametrize(
    ("error", "is_permanent"),
    [
        ({"code": -32601, "message": "the method is not available"}, True),
        ({"code": -32602, "message": "invalid params"}, True),
        ({"code": -32005, "message": "limit exceeded"}, False),
        ({"code": -32000, "message": "header not found"}, False),
        ({"code": "x", "message": ["\x1b[2J"]}, False),
        ({"code": True, "message": "\x1b[2J" + "x" * 9_000}, False),
        ({"code": [3]}, False),
        ({"code": -32000, "message": "x" * 9_000}, False),
        ("broken", False),
        (0, False),
    ],
)
def test_a_node_refuses(relay: Relay, paid: Callable[..., Seen], error: Any, is_permanent: bool) -> None:
    one = {"jsonrpc": "2.0", "id": None, "error": error}
    for answer in (one, [{"id": 1, "result": "0x7a69"}, {"id": 2, "error": error}]):
        relay.instead = answering(json.dumps(answer).encode())

        said = fault(paid)

        assert "the node refuses" in str(said)
        assert said.is_permanent == is_permanent
        assert str(said).isprintable()
        assert len(str(said)) < 300


def endless(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b" " * 1_048_576)


@pytest.mark.parametrize(
    "answer",
    [
        endless,
        answering(b"", Content_Length=str(100 * 1_048_576)),
        answering(gzip.compress(b" " * 100 * 1_048_576), Content_Encoding="gzip"),
    ],
    ids=["without a length", "with a length", "packed"],
)
def test_a_hundred_megabytes(relay: Relay, paid: Callable[..., Seen], answer: Answer) -> None:
    relay.instead = answer

    said = fault(paid)

    assert f"more than {nodes.LIMITS.body_bytes} bytes" in str(said)
    assert said.is_permanent


def test_a_node_that_takes_its_time(relay: Relay, paid: Callable[..., Seen], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "LIMITS", Limits(seconds=1))
    over = Event()

    def slow(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not over.wait(0.1):
            handler.wfile.write(b" ")

    relay.instead = slow
    try:
        said = fault(paid)
    finally:
        over.set()

    assert "does not answer: the time is up" in str(said)
    assert not said.is_permanent


# Lies


def changed(*path: Any, to: Any) -> Callable[[Any], Any]:
    """Return how a part of an answer is replaced, or taken away."""

    def lie(said: Any) -> Any:
        inside = said
        for step in path[:-1]:
            inside = inside[step]
        if to is Ellipsis:
            del inside[path[-1]]
        else:
            inside[path[-1]] = to
        return said

    return lie


@pytest.mark.parametrize(
    "lie",
    [
        changed("transactionHash", to=OTHER), changed("transactionHash", to=None), changed("status", to="0x2"),
        changed("status", to=...), changed("status", to=1), changed("blockNumber", to="7"), changed("blockHash", to=7),
        changed("blockNumber", to="0x" + "f" * 65), changed("logs", to=None), changed("logs", to={}),
        changed("logs", 0, to=None), changed("logs", 0, "transactionHash", to=OTHER),
        changed("logs", 0, "blockHash", to=OTHER), changed("logs", 0, "removed", to=True),
        changed("logs", 0, "address", to="0x1"), changed("logs", 0, "logIndex", to=...),
        changed("logs", 0, "logIndex", to="0x1"), changed("logs", 0, "logIndex", to="0x2"),
        changed("logs", 0, "topics", to="0x"), changed("logs", 0, "topics", 0, to="0x12"),
        changed("logs", 0, "data", to="0x1"), changed("logs", 0, "data", to=None), lambda said: [said],
        lambda said: True,
    ],
)  # fmt: skip
def test_a_receipt_that_can_t_be(relay: Relay, paid: Callable[..., Seen], lie: Callable[[Any], Any]) -> None:
    relay.lies["eth_getTransactionReceipt"] = lie

    assert not fault(paid).is_permanent


@pytest.mark.parametrize("field", ["blockHash", "blockNumber"])
def test_a_receipt_of_no_block_yet(relay: Relay, paid: Callable[..., Seen], field: str) -> None:
    relay.lies["eth_getTransactionReceipt"] = changed(field, to=None)

    assert isinstance(paid(), NotFound)


@pytest.mark.parametrize(
    "lie",
    [
        changed("number", to="0x1"), changed("number", to=None), changed("hash", to=None), changed("timestamp", to="x"),
        changed("timestamp", to="0x" + "f" * 64), changed("transactions", to=[]), changed("transactions", to=None),
        changed("transactions", to=[OTHER]), changed("transactions", 0, to={}), lambda said: "0x1",
    ],
)  # fmt: skip
def test_a_block_that_can_t_be(relay: Relay, paid: Callable[..., Seen], lie: Callable[[Any], Any]) -> None:
    relay.lies["eth_getBlockByNumber"] = lie

    assert not fault(paid).is_permanent


@pytest.mark.parametrize("lie", [lambda said: None, changed("hash", to=OTHER)])
def test_a_block_that_is_another_by_now(relay: Relay, paid: Callable[..., Seen], lie: Callable[[Any], Any]) -> None:
    relay.lies["eth_getBlockByNumber"] = lie

    assert isinstance(paid(), NotFound)


@pytest.mark.parametrize(
    "lie",
    [
        changed("hash", to=OTHER), changed("from", to=None), changed("to", to="0x12"), changed("value", to=None),
        changed("value", to=5), lambda said: [],
    ],
)  # fmt: skip
def test_a_transaction_that_can_t_be(relay: Relay, paid: Callable[..., Seen], lie: Callable[[Any], Any]) -> None:
    relay.lies["eth_getTransactionByHash"] = lie

    assert not fault(paid, is_coin=True).is_permanent


@pytest.mark.parametrize("lie", [lambda said: None, changed("blockHash", to=OTHER), changed("blockHash", to=None)])
def test_a_transaction_that_left_its_block(
    relay: Relay, paid: Callable[..., Seen], lie: Callable[[Any], Any]
) -> None:  # fmt: skip
    relay.lies["eth_getTransactionByHash"] = lie

    assert isinstance(paid(is_coin=True), NotFound)


@pytest.mark.parametrize("said", ["0x", "0x06", None, 6, "0x" + "0" * 63 + "g"])
def test_decimals_that_are_none(relay: Relay, paid: Callable[..., Seen], said: Any) -> None:
    relay.lies["eth_call"] = lambda _: said

    assert fault(paid).is_permanent


@pytest.mark.parametrize("said", [None, "0x", 7])
def test_a_height_that_is_none(relay: Relay, paid: Callable[..., Seen], said: Any) -> None:
    relay.lies["eth_blockNumber"] = lambda _: said

    assert not fault(paid).is_permanent


def test_a_node_that_calls_nothing_final(relay: Relay, paid: Callable[..., Seen]) -> None:
    relay.lies["eth_getBlockByNumber"] = lambda _: None

    said = fault(paid, finality=FINALIZED)

    assert "calls no block final" in str(said)
    assert not said.is_permanent
