"""The wallet service on the production web server: asked by many at once, what is there is spent once, a key once."""

from collections.abc import Iterator
from typing import Any

import pytest

from config.bench.server import Sender, sending, serving
from config.bench.wallets import make_key
from ledger.models import Transaction
from tests.wallets.counter import SERVICE, Counter, counter
from wallets.models import WalletTransaction

__all__ = ["counter"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sender(counter: Counter) -> Iterator[Sender]:
    """A key of the program, and the server it asks."""
    headers = {"Authorization": make_key(counter.purses.program, "wallet.spend")}
    with serving() as port, sending(port, headers) as sender:
        yield sender


def spend(counter: Counter, sender: Sender, amount: str, *, count: int, keys: str) -> Any:
    path = f"{SERVICE}/{counter.purses.party('ann').pk}/spend"
    body = {"asset": "KES", "amount": amount}
    return sender.send([path], body, count=count, connections=count, keys=keys, keeps_bodies=True)


def test_of_32_spends_at_once_exactly_those_that_can_be_paid_are(counter: Counter, sender: Sender) -> None:
    counter.purses.do("top_up", "ann", "32")  # a third of 32 times 3

    sent = spend(counter, sender, "3", count=32, keys="order")

    assert sent.statuses == {"201": 10, "409": 22}
    refused = [body["error"] for body in sent.bodies if not body["success"]]
    assert {error["code"] for error in refused} == {"insufficient_funds"}
    assert {(error["params"]["available"], error["params"]["asked"]) for error in refused} == {("2", "3")}
    left = sorted(int(body["data"]["balance_after"]) for body in sent.bodies if body["success"])
    assert left == list(range(2, 32, 3))
    assert counter.purses.has("ann") == [2, 0, 0]
    assert counter.purses.differences() == []


def test_the_same_request_64_times_at_once_is_one_spend(counter: Counter, sender: Sender) -> None:
    counter.purses.do("top_up", "ann", "100")

    sent = spend(counter, sender, "3", count=64, keys="order-7!")

    # One did it; everybody else was told what came of it.
    assert sent.statuses == {"201": 1, "201r": 63}
    assert len({body["data"]["id"] for body in sent.bodies}) == 1
    assert counter.purses.has("ann") == [97, 0, 0]
    assert WalletTransaction.objects.filter(type="SPEND").count() == 1
    assert Transaction.objects.filter(kind="SPEND").count() == 1
    assert counter.purses.differences() == []


def test_another_body_under_the_key_meanwhile_is_refused(counter: Counter, sender: Sender) -> None:
    counter.purses.do("top_up", "ann", "100")
    spend(counter, sender, "3", count=1, keys="order-7!")

    other = spend(counter, sender, "4", count=8, keys="order-7!")

    assert other.statuses == {"409": 8}
    assert {tuple(body["error"]["params"]["fields"]) for body in other.bodies} == {("amount",)}
    assert counter.purses.has("ann") == [97, 0, 0]
