"""The wallet service and the customers' routes: what they do, what they refuse, and that a refusal moves nothing."""

from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError
from django.test import override_settings
from psycopg.errors import DeadlockDetected, SerializationFailure
from rest_framework.test import APIClient
from uuid_utils.compat import uuid7

from audit.models import Entry as JournalEntry
from config.api.throttles import CallerThrottle
from config.bench.wallets import make_key
from identity.models import IdempotencyRecord
from ledger.models import Transaction
from tests.factories import MembershipFactory, PartyFactory, ProgramFactory
from tests.wallets.counter import CUSTOMER, SERVICE, Counter, counter, inside, refusal
from tests.wallets.purses import RAIL
from wallets import operations
from wallets.models import PaymentRecord, WalletTransaction

__all__ = ["counter"]

pytestmark = pytest.mark.django_db

GOLD = {"asset": "GOLD", "amount": "5"}
KES = {"asset": "KES", "amount": "5"}


# What they do


def test_what_is_topped_up_is_spent_and_read_back(counter: Counter) -> None:
    counter.person("ann")
    counter.purses.wallet("ann")
    topped = inside(counter.send("mia", counter.at("ann", "topup"), asset="KES", amount="100.5", rail=RAIL))
    spent = inside(
        counter.send("ann", counter.at("ann", "spend"), asset="KES", amount="0.5", description="Tea", metadata={"n": 1})
    )

    told = inside(counter.get("ann", counter.at("ann", "balance")))
    lines = inside(counter.get("ann", counter.at("ann", "transactions")))["results"]

    assert (topped["type"], topped["balance_after"], topped["is_credit"]) == ("DEPOSIT", "100.5", True)
    assert (spent["type"], spent["amount"], spent["balance_before"]) == ("SPEND", "0.5", "100.5")
    assert (spent["description"], spent["metadata"], spent["number"]) == ("Tea", {"n": 1}, 2)
    assert told["user_id"] == str(counter.person("ann").pk)
    [wallet] = told["wallets"]
    assert [wallet[name] for name in ("asset", "available", "reserved", "owed", "total")] == [
        "KES",
        "100",
        "0",
        "0",
        "100",
    ]
    assert wallet["version"] == spent["version"]
    assert [line["id"] for line in lines] == [spent["id"], topped["id"]]
    assert counter.purses.has("ann") == [100, 0, 0]
    assert counter.purses.differences() == []


def test_points_are_issued_and_go_back(counter: Counter) -> None:
    counter.person("ann")
    counter.purses.wallet("ann", "GOLD")

    inside(counter.send("mia", counter.at("ann", "topup"), asset="GOLD", amount="10"))
    bonus = inside(counter.send("olga", counter.at("ann", "bonus"), **GOLD))
    inside(counter.send("ann", counter.at("ann", "spend"), asset="GOLD", amount="15"))

    assert bonus["type"] == "BONUS"
    assert counter.purses.has("ann", "GOLD") == [0, 0, 0]
    assert counter.purses.differences() == []


def test_somebody_who_does_not_sign_in_is_named_by_the_party(counter: Counter) -> None:
    party = counter.purses.party("walk-in")
    counter.purses.wallet("walk-in", "GOLD")

    inside(counter.send("mia", f"{SERVICE}/{party.pk}/bonus", **GOLD))

    told = inside(counter.get("sam", f"{SERVICE}/{party.pk}/balance"))
    assert (told["user_id"], told["party_id"]) == (None, str(party.pk))
    assert told["wallets"][0]["available"] == "5"


def test_what_has_happened_is_narrowed_and_paged(counter: Counter) -> None:
    counter.filled("ann", "100")
    counter.filled("ann", "7", "GOLD")
    for _ in range(3):
        counter.purses.do("spend", "ann", "1")

    def amounts(**asked: Any) -> list[str]:
        found = inside(counter.get("ann", counter.at("ann", "transactions"), **asked))["results"]
        return [f"{line['type']} {line['amount']}" for line in found]

    assert amounts() == ["SPEND 1"] * 3 + ["DEPOSIT 7", "DEPOSIT 100"]
    assert amounts(asset="GOLD") == ["DEPOSIT 7"]
    assert amounts(type="DEPOSIT") == ["DEPOSIT 7", "DEPOSIT 100"]
    assert amounts(page_size=2) == ["SPEND 1"] * 2
    page = inside(counter.get("ann", counter.at("ann", "transactions"), page_size=4))
    rest = inside(counter.client("ann").get(page["next"]))
    assert [line["amount"] for line in rest["results"]] == ["100"]
    assert rest["next"] is None


def test_a_customer_pays_from_the_wallet(counter: Counter) -> None:
    counter.filled("ann", "100")

    paid = inside(counter.send("ann", f"{CUSTOMER}/manual-payment", asset="KES", amount="30", description="Order 7"))
    info = inside(counter.get("ann", f"{CUSTOMER}/wallet-info"))

    payment = PaymentRecord.objects.get()
    assert (paid["id"], paid["state"], paid["method"]) == (str(payment.pk), "PAID", "WALLET")
    assert paid["wallet_transaction_id"] == str(payment.wallet_transaction_id)
    assert paid["payee"] == "program:acme:revenue"
    assert info["wallets"][0]["available"] == "70"
    assert info["transactions"][0]["id"] == paid["wallet_transaction_id"]
    assert counter.purses.differences() == []


def test_a_customer_who_has_nothing_is_told_so(counter: Counter) -> None:
    info = inside(counter.get("ann", f"{CUSTOMER}/wallet-info"))
    staff = inside(counter.get("sam", f"{CUSTOMER}/wallet-info"))

    assert (info["wallets"], info["transactions"]) == ([], [])
    assert info["user_id"] == str(counter.person("ann").pk)
    assert staff == {"user_id": str(counter.person("sam").pk), "party_id": None, "wallets": [], "transactions": []}


def test_a_direct_payment_is_a_record_and_nothing_else(counter: Counter) -> None:
    counter.filled("ann", "100")
    before = [Transaction.objects.count(), WalletTransaction.objects.count(), counter.purses.has("ann")]

    asked = inside(counter.send("ann", f"{CUSTOMER}/direct-payment", asset="KES", amount="30", rail=RAIL))

    assert (asked["state"], asked["rail"], asked["wallet_id"], asked["wallet_transaction_id"]) == (
        "PENDING", RAIL, None, None,
    )  # fmt: skip
    assert [Transaction.objects.count(), WalletTransaction.objects.count(), counter.purses.has("ann")] == before


# Sent again


@pytest.mark.parametrize("where", ["header", "body", "both"])
def test_the_same_request_is_replayed(counter: Counter, where: str) -> None:
    counter.filled("ann", "100")
    named = {"idempotency_key": "order-7"} if where != "header" else {}
    once = None if where == "body" else "order-7"

    first = counter.send("ann", counter.at("ann", "spend"), once=once, **KES, **named)
    again = counter.send("ann", counter.at("ann", "spend"), once=once, **KES, **named)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert ("Idempotent-Replayed" in first.headers, again.headers["Idempotent-Replayed"]) == (False, "true")
    assert counter.purses.has("ann") == [95, 0, 0]


def test_what_was_booked_is_found_once_its_answer_is_forgotten(counter: Counter) -> None:
    counter.filled("ann", "100")
    send = {"asset": "KES", "amount": "30", "once": "order-7"}
    routes = {"spend": counter.at("ann", "spend"), "pay": f"{CUSTOMER}/manual-payment"}
    first = {name: inside(counter.send("ann", path, **send)) for name, path in routes.items()}
    IdempotencyRecord.objects.all().delete()

    for name, path in routes.items():
        again = counter.send("ann", path, **send)
        other = counter.send("ann", path, **{**send, "amount": "31", "once": "order-7"})

        assert inside(again)["id"] == first[name]["id"]
        assert again.headers["Idempotent-Replayed"] == "true"
        assert refusal(other)[:2] == (409, "idempotency_mismatch")
    assert counter.purses.has("ann") == [40, 0, 0]


def test_a_key_is_each_callers_own(counter: Counter) -> None:
    """Two tills that both count from 1 sell two things."""
    counter.filled("ann", "100", "GOLD")

    for who in ("mia", "olga"):
        inside(counter.send(who, counter.at("ann", "bonus"), once="1", **GOLD))

    assert counter.purses.has("ann", "GOLD") == [110, 0, 0]


def test_a_key_may_be_long(counter: Counter) -> None:
    counter.filled("ann", "100")

    for _ in range(2):
        inside(counter.send("ann", counter.at("ann", "spend"), once="k" * 255, **KES))
        IdempotencyRecord.objects.all().delete()
    inside(counter.send("ann", counter.at("ann", "spend"), once="k" * 254 + "j", **KES))

    assert counter.purses.has("ann") == [90, 0, 0]


@pytest.mark.parametrize(("times", "status"), [(1, 201), (2, 201), (3, 503)])
@pytest.mark.django_db(transaction=True)
def test_who_gives_way_to_somebody_else_goes_on(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, times: int, status: int
) -> None:
    """The database ends one of two that wait for each other; nothing of it has happened, so it is done again."""
    counter.filled("ann", "100")
    spend, ways = operations.spend, [DeadlockDetected, SerializationFailure, DeadlockDetected][:times]

    def giving_way(*args: Any, **asked: Any) -> Any:
        line = spend(*args, **asked)
        if ways:
            raise OperationalError("gave way") from ways.pop()()
        return line

    monkeypatch.setattr(operations, "spend", giving_way)
    answer = counter.send("ann", counter.at("ann", "spend"), **KES)

    assert answer.status_code == status
    assert counter.purses.has("ann") == [95 if status == 201 else 100, 0, 0]
    assert Transaction.objects.filter(kind="SPEND").count() == (status == 201)
    assert counter.purses.differences() == []


def test_a_key_owns_nothing(counter: Counter) -> None:
    counter.filled("ann", "100")
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=make_key(counter.purses.program, "wallet.spend", "wallet.read"))

    info = client.get(f"{CUSTOMER}/wallet-info")
    paid = client.post(f"{CUSTOMER}/manual-payment", KES, format="json", headers={"Idempotency-Key": "k"})
    spent = client.post(counter.at("ann", "spend"), KES, format="json", headers={"Idempotency-Key": "k"})

    assert refusal(info)[:2] == refusal(paid)[:2] == (403, "not_permitted")
    assert inside(spent)["balance_after"] == "95"


# What they refuse


def frozen(counter: Counter) -> None:
    counter.purses.do("freeze", "ann")


def closed(counter: Counter) -> None:
    counter.purses.do("spend", "ann", "100")
    counter.purses.do("close", "ann")


REFUSED: dict[str, Any] = {
    "above the balance": ("ann", "spend", {"asset": "KES", "amount": "100.01"}, 409, "insufficient_funds"),
    "no wallet of the asset": ("ann", "spend", {"asset": "GOLD", "amount": "1"}, 404, "no_wallet"),
    "no such asset": ("ann", "spend", {"asset": "SHELLS", "amount": "1"}, 404, "no_wallet"),
    "somebody else's": ("ben", "spend", KES, 404, "not_found"),
    "oneself": ("ann", "topup", {**KES, "rail": RAIL}, 403, "not_permitted"),
    "oneself, as a bonus": ("ann", "bonus", KES, 403, "not_permitted"),
    "staff spend nobody's": ("olga", "spend", KES, 403, "not_permitted"),
    "support credits nobody": ("sam", "bonus", KES, 403, "not_permitted"),
    "money from the treasury": ("mia", "topup", KES, 422, "rail_needed"),
    "no such rail": ("mia", "topup", {**KES, "rail": "nowhere"}, 422, "unknown_rail"),
    "a rail of hostile name": ("mia", "topup", {**KES, "rail": "mpesa:float"}, 422, "unknown_rail"),
    "no amount": ("ann", "spend", {"asset": "KES"}, 400, "invalid"),
    "a number": ("ann", "spend", {"asset": "KES", "amount": 5}, 400, "invalid"),
    "a fraction": ("ann", "spend", {"asset": "KES", "amount": 0.1}, 400, "invalid"),
    "an exponent": ("ann", "spend", {"asset": "KES", "amount": "1e1"}, 400, "invalid"),
    "other digits": ("ann", "spend", {"asset": "KES", "amount": "\u0665"}, 400, "invalid"),
    "a line's end": ("ann", "spend", {"asset": "KES", "amount": "5\n"}, 400, "invalid"),
    "below zero": ("ann", "spend", {"asset": "KES", "amount": "-5"}, 400, "invalid"),
    "infinite": ("ann", "spend", {"asset": "KES", "amount": "Infinity"}, 400, "invalid"),
    "nothing": ("ann", "spend", {"asset": "KES", "amount": "0"}, 422, "bad_amount"),
    "too fine": ("ann", "spend", {"asset": "KES", "amount": "1.00001"}, 422, "amount_too_fine"),
    "too large": ("ann", "spend", {"asset": "KES", "amount": "9" * 21}, 400, "invalid"),
    "large": ("ann", "spend", {"asset": "KES", "amount": "9" * 20}, 409, "insufficient_funds"),
    "no metadata": ("ann", "spend", {**KES, "metadata": [1]}, 400, "invalid"),
    "much metadata": ("ann", "spend", {**KES, "metadata": {"x": "y" * 17_000}}, 422, "posting_too_long"),
    "another version": ("ann", "spend", {**KES, "version": 99}, 409, "wallet_changed"),
    "no version": ("ann", "spend", {**KES, "version": -1}, 400, "invalid"),
    "frozen": ("ann", "spend", KES, 409, "account_frozen", frozen),
    "closed": ("mia", "topup", {**KES, "rail": RAIL}, 409, "wallet_closed", closed),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_says_why_and_moves_nothing(counter: Counter, name: str) -> None:
    who, verb, body, status, code, *first = REFUSED[name]
    counter.filled("ann", "100")
    for prepare in first:
        prepare(counter)
    path = counter.at("ann", verb)
    counter.client(who)
    before = counter.purses.standing()

    answer = counter.send(who, path, **body)

    assert refusal(answer)[:2] == (status, code)
    assert counter.purses.standing() == before


def test_spending_too_much_says_what_there_is(counter: Counter) -> None:
    counter.filled("ann", "100")

    _, _, params = refusal(counter.send("ann", counter.at("ann", "spend"), asset="KES", amount="100.01"))

    assert (params["available"], params["asked"]) == ("100", "100.01")


def test_points_come_from_no_rail(counter: Counter) -> None:
    counter.filled("ann", "1", "GOLD")
    before = counter.purses.standing()

    answer = counter.send("mia", counter.at("ann", "topup"), rail=RAIL, **GOLD)

    assert refusal(answer)[:2] == (422, "rail_for_points")
    assert counter.purses.standing() == before


def test_nobody_is_nobody_wherever_they_are(counter: Counter) -> None:
    elsewhere = PartyFactory(program=ProgramFactory(slug="elsewhere"))
    counter.filled("ann", "100")
    counter.client("mia")
    before = counter.purses.standing()

    answers = [
        refusal(counter.send("mia", f"{SERVICE}/{somebody}/{verb}", **KES))
        for somebody in (uuid7(), elsewhere.pk, counter.person("mia").pk)
        for verb in ("topup", "bonus")
    ]

    assert answers == [(404, "not_found", {})] * 6
    # That somebody of another program was asked for is in the journal, and nothing else is.
    assert counter.purses.standing()[4:] == before[4:]
    assert JournalEntry.objects.filter(action="identity.access.probed").count() > 0


def test_a_key_of_another_request_is_refused(counter: Counter) -> None:
    counter.filled("ann", "100")
    inside(counter.send("ann", counter.at("ann", "spend"), once="order-7", **KES))
    before = counter.purses.standing()

    other = refusal(
        counter.send("ann", counter.at("ann", "spend"), once="order-7", asset="KES", amount="6", metadata={})
    )
    none = refusal(counter.send("ann", counter.at("ann", "spend"), once=None, **KES))
    two = refusal(counter.send("ann", counter.at("ann", "spend"), once="a", idempotency_key="b", **KES))
    ours = refusal(counter.send("ann", counter.at("ann", "spend"), once="house:1", **KES))

    assert other == (409, "idempotency_mismatch", {"fields": ["amount", "metadata"]})
    assert none[:2] == (400, "idempotency_key_required")
    assert two[:2] == (400, "idempotency_keys_differ")
    assert ours[:2] == (400, "idempotency_key_reserved")
    assert counter.purses.standing() == before


def test_paying_is_refused_like_spending(counter: Counter) -> None:
    wallet = counter.filled("ann", "100")
    stranger = MembershipFactory(program=counter.purses.program)
    counter.people["nobody-here"] = stranger.user
    counter.filled("ben", "1")
    counter.client("mia")
    before = counter.purses.standing()

    def pay(who: str, **body: Any) -> Any:
        return refusal(counter.send(who, f"{CUSTOMER}/manual-payment", **{**KES, **body}))[:2]

    assert pay("ann", amount="101") == (409, "insufficient_funds")
    assert pay("ann", payee="wallet:nobody") == (422, "not_a_payee")
    assert pay("ann", payee="system:payouts") == (422, "not_a_payee")
    assert pay("ann", payee=f"wallet:{wallet.pk}") == (422, "not_a_payee")
    assert pay("ann", asset="GOLD") == (404, "no_wallet")
    assert pay("mia") == (403, "not_permitted")
    assert pay("nobody-here") == (404, "no_party_here")
    direct = counter.send("ann", f"{CUSTOMER}/direct-payment", rail="nowhere", **KES)
    points = counter.send("ann", f"{CUSTOMER}/direct-payment", rail=RAIL, **GOLD)
    assert refusal(direct)[:2] == (422, "unknown_rail")
    assert refusal(points)[:2] == (422, "rail_for_points")
    assert counter.purses.standing() == before


# The envelope


@pytest.mark.parametrize("path", [f"{SERVICE}/x/spend", f"{CUSTOMER}/manual-payment"])
def test_even_what_no_view_sees_has_the_envelope(counter: Counter, path: str) -> None:
    counter.filled("ann", "100")
    path = path.replace("x", str(counter.person("ann").pk), 1) if path.startswith(SERVICE) else path
    client = counter.client("ann")
    before = counter.purses.standing()
    once = {"Idempotency-Key": "k"}

    def raw(where: str, body: str, kind: str = "application/json") -> Any:
        return client.generic("POST", where, body, kind, headers=once)

    answers = {
        "malformed": raw(path, '{"asset": "KES"'),
        "invalid": raw(path, "[]"),
        "unsupported_media_type": raw(path, "asset=KES", "text/csv"),
        "method_not_allowed": client.put(path, {}, format="json"),
        "not_acceptable": client.post(path, KES, format="json", headers={**once, "Accept": "text/csv"}),
        "body_too_large": raw(path, '"' + "x" * 2**20 + '"'),
        "not_authenticated": APIClient().post(path, KES, format="json"),
        "not_found": client.get(f"{path}/nowhere"),
        "idempotency_key_required": client.post(path, KES, format="json"),
    }

    told = {name: refusal(answer) for name, answer in answers.items()}
    assert {name: code for name, (_, code, _) in told.items()} == {name: name for name in answers}
    statuses = [400, 400, 415, 405, 406, 413, 401, 404, 400]
    assert [status for status, _, _ in told.values()] == statuses
    assert counter.purses.standing() == before


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", "asset=KES&amount=1&%00=1"),
        ("application/x-www-form-urlencoded", "asset=KES&amount=1&description=%00"),
        ("multipart/form-data; boundary=b", '--b\r\nContent-Disposition: form-data; name="\0"\r\n\r\n1\r\n--b--\r\n'),
        ("application/json", '{"asset": "KES", "amount": "1", "\\u0000": 1}'),
    ],
)
def test_what_the_database_can_not_keep_is_malformed(counter: Counter, kind: str, body: str) -> None:
    counter.filled("ann", "100")

    answer = counter.client("ann").generic(
        "POST", counter.at("ann", "spend"), body, kind, headers={"Idempotency-Key": "k"}
    )

    assert refusal(answer)[:2] == (400, "malformed")
    assert counter.purses.has("ann") == [100, 0, 0]


@pytest.mark.parametrize("path", [f"{SERVICE}/nowhere", f"{SERVICE}/", f"{CUSTOMER}/nothing", f"{SERVICE}/1/balance"])
def test_no_such_route(counter: Counter, path: str) -> None:
    assert refusal(counter.get("ann", path))[:2] == (404, "not_found")


def test_who_asks_too_often_waits(counter: Counter) -> None:
    counter.filled("ann", "100")
    path = counter.at("ann", "spend")
    client = counter.client("ann")
    with patch.object(CallerThrottle, "THROTTLE_RATES", {"caller": "1/minute"}):
        client.get(f"{CUSTOMER}/wallet-info")
        answer = client.post(path, KES, format="json", headers={"Idempotency-Key": "k"})

    assert refusal(answer)[:2] == (429, "throttled")
    assert int(answer.headers["Retry-After"]) > 0
    assert counter.purses.has("ann") == [100, 0, 0]


@override_settings(MAX_BODY_BYTES=10)
def test_a_long_body_is_not_read(counter: Counter) -> None:
    answer = counter.send("mia", counter.at("ann", "topup"), **KES)

    assert refusal(answer)[:2] == (413, "body_too_large")
