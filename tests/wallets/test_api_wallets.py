"""/api/v2/wallets, /holds and /payments: found, changed on top of what was seen, refused without moving anything."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from uuid_utils.compat import uuid7

from identity.models import Proposal
from ledger.models import Hold
from tests.factories import ProgramFactory
from tests.wallets.counter import V2, Counter, counter, inside, refusal
from tests.wallets.purses import RAIL
from wallets.models import Outgoing, PaymentRecord, Wallet

__all__ = ["counter"]

pytestmark = pytest.mark.django_db

WALLETS, PAYMENTS, HOLDS = f"{V2}/wallets", f"{V2}/payments", f"{V2}/holds"


def at(wallet: Wallet, verb: str = "") -> str:
    return f"{WALLETS}/{wallet.pk}{verb and '/'}{verb}"


# Finding and opening


def test_a_wallet_is_opened_once(counter: Counter) -> None:
    ann = counter.person("ann")
    asked = {"owner": str(ann.pk), "asset": "KES"}

    first, again = counter.send("sam", WALLETS, **asked), counter.send("olga", WALLETS, **asked)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.headers["ETag"] == '"0"'
    assert Wallet.objects.get().party.user == ann


def test_staff_find_all_and_everybody_else_their_own(counter: Counter) -> None:
    mine, other = counter.filled("ann", "100"), counter.filled("ben", "7")
    gold = counter.filled("ben", "5", "GOLD")

    def found(who: str, **asked: Any) -> list[str]:
        return [wallet["id"] for wallet in inside(counter.get(who, WALLETS, **asked))["results"]]

    assert found("sam") == [str(each.pk) for each in (gold, other, mine)]
    assert found("sam", ordering="opened_at") == [str(each.pk) for each in (mine, other, gold)]
    assert found("sam", asset="GOLD") == [str(gold.pk)]
    assert found("sam", user=counter.person("ann").pk) == [str(mine.pk)]
    assert found("sam", party=other.party_id, state="ACTIVE") == [str(gold.pk), str(other.pk)]
    assert found("sam", state="FROZEN") == []
    assert found("ann") == [str(mine.pk)]
    assert found("ann", party=other.party_id) == []
    assert refusal(counter.get("sam", WALLETS, colour="red"))[:2] == (400, "invalid")
    shown = counter.get("ann", at(mine))
    assert (shown.json()["available"], shown.headers["ETag"]) == ("100", f'"{mine.version}"')
    for path in (at(other), at(other, "transactions"), at(other, "holds"), f"{WALLETS}/{uuid7()}"):
        assert refusal(counter.get("ann", path))[:2] == (404, "not_found")


@pytest.mark.parametrize("path", [WALLETS, PAYMENTS])
def test_a_list_asks_the_database_as_often_for_many_as_for_one(counter: Counter, path: str) -> None:
    client, asked = counter.client("sam"), []
    for count, name in enumerate(("ann", "ben", "cid", "dan"), start=1):
        counter.filled(name, "1")
        counter.purses.do("pay_from_wallet", name, "1")
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            assert len(client.get(path).json()["results"]) == count
        asked.append(len(queries))

    assert len(set(asked)) == 1


@pytest.mark.parametrize(
    ("after", "status"), [("2020-01-01T00:00:00%2B20:00", 200), ("0001-01-01T00:00:00%2B20:00", 400), ("x", 400)]
)
def test_a_time_of_any_zone_narrows_or_is_refused(counter: Counter, after: str, status: int) -> None:
    counter.filled("ann", "100")

    answer = counter.client("sam").get(f"{WALLETS}?after={after}")

    assert (answer.status_code, answer.json().get("code")) == (status, "invalid" if status == 400 else None)


def test_what_has_happened_in_one(counter: Counter) -> None:
    wallet = counter.filled("ann", "100")
    counter.filled("ann", "5", "GOLD")
    counter.purses.do("spend", "ann", "1")

    lines = inside(counter.get("sam", at(wallet, "transactions"), type="SPEND"))["results"]

    assert [(line["type"], line["balance_after"]) for line in lines] == [("SPEND", "99")]


# Moving


def test_an_owner_transfers(counter: Counter) -> None:
    mine, other = counter.filled("ann", "100"), counter.filled("ben", "7")

    line = inside(counter.send("ann", at(mine, "transfer"), to=str(other.pk), amount="30", description="Lunch"))

    assert (line["type"], line["is_credit"], line["balance_after"]) == ("TRANSFER", False, "70")
    assert [counter.purses.has(name)[0] for name in ("ann", "ben")] == [70, 37]
    assert counter.purses.differences() == []


def test_a_little_is_adjusted_alone_and_more_is_proposed(counter: Counter) -> None:
    wallet = counter.filled("ann", "500")

    less = inside(counter.send("mia", at(wallet, "adjust"), amount="-60", reason="Counted twice."))
    before = counter.purses.standing()
    status, code, params = refusal(counter.send("mia", at(wallet, "adjust"), amount="40.01", reason="And more."))

    assert (less["type"], less["balance_after"]) == ("ADJUSTMENT", "440")
    assert (status, code, params["asked"], params["most"]) == (409, "adjustment_needs_two", "100.01", "100")
    assert counter.purses.standing() == before
    proposal: dict[str, Any] = {"kind": "wallets.adjust", "program": "acme", "reason": "And more.",
                "payload": {"wallet": str(wallet.pk), "amount": "40.01", "reason": "And more."}}  # fmt: skip
    counter.person("anton")
    proposed = inside(counter.send("mia", f"{V2}/proposals", **proposal))
    assert (proposed["kind"], Proposal.objects.get().state) == ("wallets.adjust", "PROPOSED")


def test_frozen_unfrozen_and_closed(counter: Counter) -> None:
    wallet = counter.filled("ann", "100")

    states = [
        inside(counter.send("anton", at(wallet, verb), reason="Asked by phone."))["state"]
        for verb in ("freeze", "unfreeze")
    ]
    counter.purses.do("spend", "ann", "100")
    closed = inside(counter.send("mia", at(wallet, "close"), reason="Moved away."))

    assert [*states, closed["state"]] == ["FROZEN", "ACTIVE", "CLOSED"]
    assert closed["version"] == Wallet.objects.get().version


def test_what_is_held_is_taken_or_let_go(counter: Counter) -> None:
    wallet = counter.filled("ann", "100")
    held = inside(counter.send("mia", at(wallet, "holds"), amount="40"))

    first = inside(counter.send("mia", f"{HOLDS}/{held['id']}/capture", amount="15", description="Room 4"))
    let_go = inside(counter.send("mia", f"{HOLDS}/{held['id']}/release"))

    assert (held["wallet_id"], held["left"], held["state"]) == (str(wallet.pk), "40", "OPEN")
    assert (first["state"], first["amount"]) == ("PAID", "15")
    assert (let_go["state"], let_go["captured"], let_go["released"]) == ("RELEASED", "15", "25")
    assert inside(counter.get("ann", at(wallet, "holds")))["results"] == [let_go]
    assert inside(counter.get("sam", f"{HOLDS}/{held['id']}")) == let_go
    assert counter.purses.has("ann") == [85, 0, 0]
    assert counter.purses.differences() == []


def test_a_payment_is_refunded_in_parts(counter: Counter) -> None:
    counter.filled("ann", "100")
    payment = counter.purses.do("pay_from_wallet", "ann", "30")
    path = f"{PAYMENTS}/{payment.pk}"

    part = inside(counter.send("mia", f"{path}/refund", amount="10", reason="Cold soup."))
    out = inside(counter.send("mia", f"{path}/refund", rail=RAIL, reason="Cold bread."))

    assert (part["amount"], part["payment"]["state"], part["outgoing"]) == ("10", "PARTIALLY_REFUNDED", None)
    assert part["wallet_transaction"]["type"] == "REFUND"
    assert (out["amount"], out["payment"]["state"], out["wallet_transaction"]) == ("20", "REFUNDED", None)
    assert (out["outgoing"]["id"], out["outgoing"]["owed"]) == (str(Outgoing.objects.get().pk), "20")
    assert counter.purses.has("ann") == [80, 0, 0]
    assert inside(counter.get("ann", path))["refunded"] == "30"
    assert [one["id"] for one in inside(counter.get("ann", PAYMENTS, state="REFUNDED"))["results"]] == [str(payment.pk)]
    assert inside(counter.get("ben", PAYMENTS))["results"] == []
    assert counter.purses.differences() == []


# On top of what was seen


@pytest.mark.parametrize("where", ["If-Match", "weak", "body"])
def test_who_was_overtaken_is_told(counter: Counter, where: str) -> None:
    wallet, other = counter.filled("ann", "100"), counter.filled("ben", "1")
    seen = wallet.version
    before = counter.purses.standing()

    def transfer(version: int) -> Any:
        headers = {"If-Match": f'{"W/" * (where == "weak")}"{version}"'} if where != "body" else {}
        body: dict[str, Any] = {} if headers else {"version": version}
        return counter.send("ann", at(wallet, "transfer"), to=str(other.pk), amount="1", headers=headers, **body)

    assert refusal(transfer(seen - 1)) == (409, "wallet_changed", {"version": seen, "seen": seen - 1})
    assert counter.purses.standing() == before
    assert inside(transfer(seen))["version"] == seen + 1
    assert refusal(transfer(seen))[:2] == (409, "wallet_changed")


@pytest.mark.parametrize(
    ("header", "body"), [("1", {}), ('"x"', {}), ('"1", "2"', {}), ('"7"', {"version": 6}), ("", {"version": "x"})]
)
def test_a_version_that_is_none(counter: Counter, header: str, body: dict[str, Any]) -> None:
    wallet = counter.filled("ann", "100")

    answer = counter.send("mia", at(wallet, "freeze"), reason="x", headers={"If-Match": header}, **body)

    assert refusal(answer)[:2] == (400, "invalid")
    assert Wallet.objects.get().state == "ACTIVE"


# What is refused


def no_more_than_was_paid(counter: Counter) -> Any:
    payment = PaymentRecord.objects.get()
    return counter.send("mia", f"{PAYMENTS}/{payment.pk}/refund", amount="30.01", reason="x")


def from_hold(verb: str, **body: Any) -> Callable[[Counter], Any]:
    return lambda counter: counter.send("mia", f"{HOLDS}/{Hold.objects.get().pk}/{verb}", **body)


def with_wallet(who: str, verb: str, **body: Any) -> Callable[[Counter], Any]:
    return lambda counter: counter.send(who, at(counter.purses.wallet("ann"), verb), **body)


def to_another(name: str, asset: str = "KES", amount: str = "5") -> Callable[[Counter], Any]:
    return lambda counter: counter.send(
        "ann", at(counter.purses.wallet("ann"), "transfer"), amount=amount,
        to=str(counter.purses.wallet(name, asset).pk),
    )  # fmt: skip


REFUSED: dict[str, tuple[Callable[[Counter], Any], int, str]] = {
    "to oneself": (to_another("ann"), 422, "transfer_to_self"),
    "more than there is": (to_another("ben", amount="61"), 409, "insufficient_funds"),
    "into another asset": (to_another("ben", "GOLD"), 422, "assets_differ"),
    "to nobody": (with_wallet("ann", "transfer", to=str(uuid7()), amount="1"), 404, "unknown_wallet"),
    "of somebody else": (with_wallet("ben", "transfer", to=str(uuid7()), amount="1"), 404, "not_found"),
    "by staff": (with_wallet("olga", "transfer", to=str(uuid7()), amount="1"), 403, "not_permitted"),
    "closed with something in it": (with_wallet("mia", "close", reason="x"), 409, "wallet_not_empty"),
    "frozen by its owner": (with_wallet("ann", "freeze", reason="x"), 403, "not_permitted"),
    "frozen without a reason": (with_wallet("mia", "freeze", reason=" "), 400, "invalid"),
    "unfrozen though it is not": (with_wallet("mia", "unfreeze", reason="x"), 409, "wrong_state"),
    "adjusted by nothing": (with_wallet("mia", "adjust", amount="0", reason="x"), 422, "bad_amount"),
    "adjusted without a reason": (with_wallet("mia", "adjust", amount="1"), 400, "invalid"),
    "adjusted below zero": (with_wallet("mia", "adjust", amount="-61", reason="x"), 409, "insufficient_funds"),
    "adjusted by support": (with_wallet("sam", "adjust", amount="1", reason="x"), 403, "not_permitted"),
    "held by its owner": (with_wallet("ann", "holds", amount="1"), 403, "not_permitted"),
    "held more than there is": (with_wallet("mia", "holds", amount="61"), 409, "insufficient_funds"),
    "captured more than is held": (from_hold("capture", amount="10.01"), 409, "hold_too_small"),
    "refunded more than was paid": (no_more_than_was_paid, 409, "refund_too_large"),
    "opened for nobody": (lambda one: one.send("sam", WALLETS, owner=str(uuid7()), asset="KES"), 404, "not_found"),
    "opened for what is no asset": (
        lambda one: one.send("sam", WALLETS, owner=str(one.person("ann").pk), asset="SHELLS"), 422, "unknown_asset",
    ),
    "opened by a customer": (
        lambda one: one.send("ann", WALLETS, owner=str(one.person("ann").pk), asset="GOLD"), 403, "not_permitted",
    ),
    "without a key": (with_wallet("mia", "freeze", reason="x", once=None), 400, "idempotency_key_required"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_says_why_and_moves_nothing(counter: Counter, name: str) -> None:
    ask, status, code = REFUSED[name]
    counter.filled("ann", "100")
    counter.filled("ben", "1")
    counter.filled("ben", "1", "GOLD")
    counter.purses.do("pay_from_wallet", "ann", "30")
    counter.purses.do("hold", "ann", "10")
    for who in ("mia", "olga", "sam"):
        counter.person(who)
    before = counter.purses.standing()

    answer = ask(counter)

    assert refusal(answer)[:2] == (status, code)
    assert counter.purses.standing() == before


def test_what_is_another_programs_is_not_there(counter: Counter) -> None:
    """Not for staff either, and neither is what a transfer names."""
    counter.filled("ann", "100")
    elsewhere = ProgramFactory(slug="elsewhere")
    counter.person("mia")
    answer = counter.client("mia").get(WALLETS, headers={"X-Program": elsewhere.slug})

    assert refusal(answer)[:2] == (404, "not_found")
