"""Coinbase's notices are proven on their bytes, and read so that listeners need not know which API spoke."""

import hmac
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.wallets.coinbase import (
    CHECKOUTS,
    COMMERCE,
    NOW,
    SECRETS,
    TX,
    by_checkouts,
    by_commerce,
    charge,
    checkout,
    envelope,
    mac,
    refunds,
    signed_headers,
    written,
)
from wallets.errors import BadRailAccount, NotProven
from wallets.rails import Notice, Received
from wallets.rails.coinbase import check_secret, checkouts, commerce, read
from wallets.rails.reading import AMOUNT


def told(received: Received, **secrets: str) -> Notice:
    return read(received, secrets or SECRETS)


def why_not(received: Received, **secrets: str) -> str:
    with pytest.raises(NotProven) as refusal:
        told(received, **secrets)
    return str(refusal.value.params["reason"])


def test_a_charge_of_commerce() -> None:
    notice = told(by_commerce(envelope()))

    assert (notice.external_id, notice.kind) == ("24934862-d980-46cb-9402-43c81b0cdba6", "charge.confirmed")
    assert notice.occurred_at == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    assert notice.data == {
        "charge": "XA6G6ZFR", "charge_id": "2aee9dd1-67b8-43ef-8dfe-977959850f27",
        "status": "COMPLETED", "context": None,
        "asked": {"amount": "25.00", "currency": "USD"},
        "paid": [
            {"amount": "25.000001", "currency": "USDC", "network": "base", "tx_hash": TX, "log_index": None},
        ],
        "fee": None, "refunded": None, "metadata": {"session_id": "fs_123"}, "api": "commerce",
    }  # fmt: skip


def test_a_checkout() -> None:
    headers = {"x-event-id": "0199-ev", "x-event-type": "checkout.payment.success"}
    notice = told(by_checkouts(checkout(), headers))

    assert (notice.external_id, notice.kind) == ("0199-ev", "charge.confirmed")
    assert notice.occurred_at == datetime(2026, 3, 1, 9, 30, 0, 97_000, tzinfo=UTC)
    assert notice.data == {
        "charge": "69163c762331ed43dc64a6ef", "charge_id": "69163c762331ed43dc64a6ef",
        "status": "COMPLETED", "context": None,
        "asked": {"amount": "100.00", "currency": "USDC"},
        "paid": [
            {"amount": "100.00", "currency": "USDC", "network": "base", "tx_hash": TX, "log_index": None},
        ],
        "fee": {"amount": "1.25", "currency": "USDC"}, "refunded": None, "metadata": {"orderId": "12345"},
        "api": "checkouts",
    }  # fmt: skip


@pytest.mark.parametrize("what", ["created", "pending", "confirmed", "failed", "delayed", "resolved"])
def test_kinds_of_commerce(what: str) -> None:
    assert told(by_commerce(envelope(type=f"charge:{what}"))).kind == f"charge.{what}"


@pytest.mark.parametrize(
    ("what", "kind", "paid"),
    [
        ("checkout.payment.success", "charge.confirmed", 1),
        ("checkout.payment.failed", "charge.failed", 0),
        ("checkout.payment.expired", "charge.failed", 0),
        ("checkout.refund.success", "refund.confirmed", 1),
    ],
)
def test_kinds_of_checkouts(what: str, kind: str, paid: int) -> None:
    notice = told(by_checkouts(checkout(eventType=what, refunds=refunds("5"))))

    assert (notice.kind, len(notice.data["paid"])) == (kind, paid)


@pytest.mark.parametrize(
    "received",
    [
        by_commerce(envelope(type="invoice:viewed", data={"anything": [1]})),
        by_commerce(envelope(type="t" * 120, data=None)),
        by_checkouts({"id": "a", "eventType": "wallet.activity"}),
        by_checkouts({"id": "a" * 30, "eventType": "t" * 80}),
    ],
)
def test_what_nobody_knows_yet_is_named_as_it_came(received: Received) -> None:
    notice = told(received)

    assert notice.kind == f"coinbase:{notice.data['type']}"[:120]
    assert len(notice.kind) <= 120


def test_an_envelope_that_is_sent_again_holds_the_same_event() -> None:
    first, again = envelope(), {**envelope(), "id": "2", "attempt_number": 2, "scheduled_for": "2026-03-01T10:30:02Z"}

    assert told(by_commerce(first)) == told(by_commerce(again))


def test_only_confirmed_payments_are_paid() -> None:
    [payment] = charge()["event"]["data"]["payments"]
    payments = [{**payment, "status": "pending"}, {**payment, "status": "CONFIRMED", "transaction_id": "0x2"}]

    assert [paid["tx_hash"] for paid in told(by_commerce(charge(payments=payments))).data["paid"]] == ["0x2"]
    assert told(by_checkouts(checkout(status="PROCESSING"))).data["paid"] == []


def test_an_unresolved_charge_says_why() -> None:
    timeline = [{"status": "NEW"}, {"status": "UNRESOLVED", "context": "UNDERPAID"}]

    data = told(by_commerce(charge(timeline=timeline))).data

    assert (data["status"], data["context"]) == ("UNRESOLVED", "UNDERPAID")


def test_a_donation_asks_for_nothing() -> None:
    made = charge()
    del made["event"]["data"]["pricing"], made["event"]["data"]["id"]

    data = told(by_commerce(made)).data

    assert (data["asked"], data["charge_id"]) == (None, None)


def test_a_price_in_fiat() -> None:
    made = checkout(fiatAmount="92.10", fiatCurrency="EUR", settlement=None)

    data = told(by_checkouts(made)).data

    assert data["asked"] == {"amount": "92.10", "currency": "EUR"}
    assert (data["paid"][0]["amount"], data["paid"][0]["currency"], data["fee"]) == ("100.00", "USDC", None)


def test_part_of_a_checkout_is_refunded() -> None:
    made = checkout(eventType="checkout.refund.success", status="PARTIALLY_REFUNDED")

    first = told(by_checkouts({**made, "refundedAmount": "10.00", "refunds": refunds("10.00")}))
    second = told(by_checkouts({**made, "refundedAmount": "15.50", "refunds": refunds("10.00", "5.50")}))

    assert first.external_id != second.external_id
    assert second.kind == "refund.confirmed"
    assert second.data["refunded"] == {
        "amount": "5.50", "currency": "USDC", "total": "15.50", "refund_id": "refund-1", "tx_hash": "0xref1",
    }  # fmt: skip


def test_a_refund_that_failed() -> None:
    [failed] = refunds("10.00")
    failed |= {"status": "FAILED", "completedAt": None, "transactionHash": None}
    made = checkout(eventType="checkout.refund.failed", refunds=[failed, *refunds("1.00", "2.00")])

    notice = told(by_checkouts(made))

    assert (notice.kind, notice.data["refunded"]["amount"]) == ("refund.failed", "10.00")
    assert "which refund" in why_not(by_checkouts({**made, "refunds": None, "refundedAmount": "3.00"}))


def test_without_an_id_of_the_event_it_is_named_by_what_it_is_about() -> None:
    one, other = (
        told(by_checkouts(checkout(eventType=f"checkout.payment.{what}"))).external_id for what in ("success", "failed")
    )

    assert one == "69163c762331ed43dc64a6ef:checkout_payment_success"
    assert one != other


def test_an_id_that_is_not_signed_is_nobody_s() -> None:
    received = by_checkouts(checkout())

    with_id = Received(received.body, {**received.headers, "x-event-id": "mine"}, NOW)

    assert told(with_id).external_id == told(received).external_id


def test_headers_as_coinbase_documents_them() -> None:
    body = b'{"id":"a"}'
    text = b"1728394718.content-type x-event-id x-event-type.application/json.ev-1.checkout.payment.success." + body
    wanted = f"t=1728394718,h=content-type x-event-id x-event-type,v1={mac(CHECKOUTS, text)}"
    headers = {"content-type": "application/json", "x-event-id": "ev-1", "x-event-type": "checkout.payment.success"}

    assert checkouts.signature(CHECKOUTS, body, headers=headers, at=datetime.fromtimestamp(1728394718, UTC)) == wanted
    assert commerce.signature(COMMERCE, body) == mac(COMMERCE, body)


def test_a_signature_beside_it_that_is_weaker_is_not_looked_at() -> None:
    received = by_checkouts(checkout())
    strong = received.headers["x-hook0-signature"]
    seconds = str(int(NOW.timestamp()))
    weak = mac(CHECKOUTS, f"{seconds}.".encode(), received.body)

    both = Received(received.body, {**received.headers, "x-hook0-signature": f"{strong},v0={'0' * 64}"}, NOW)
    alone = Received(received.body, {"x-hook0-signature": f"t={seconds},v0={weak}"}, NOW)

    assert told(both) == told(received)
    assert "no signature" in why_not(alone)


@pytest.mark.parametrize(
    ("ago", "is_good"),
    [(timedelta(minutes=5), True), (timedelta(minutes=-5), True), (timedelta(seconds=301), False),
     (timedelta(seconds=-301), False), (timedelta(days=9_000), False)],
)  # fmt: skip
def test_a_signature_is_good_for_five_minutes(ago: timedelta, is_good: bool) -> None:
    received = by_checkouts(checkout(), ago=ago)

    if is_good:
        assert told(received).kind == "charge.confirmed"
    else:
        assert "too old, or from the future" in why_not(received)


def test_what_is_signed_stays_where_it_is() -> None:
    headers = {"x-event-id": "ev-1", "x-event-type": "checkout.payment.success"}
    received = by_checkouts(checkout(), headers)

    # The bytes that are signed are the same.
    moved = {"content-type": "application/json.ev-1", "x-event-id": "checkout", "x-event-type": "payment.success"}
    assert "X-Event-Type" in why_not(Received(received.body, {**received.headers, **moved}, NOW))
    assert "its id" in why_not(by_checkouts(checkout(), {**headers, "x-event-id": "ev.1"}))
    assert "holds what a signed one can't" in why_not(by_checkouts(checkout(), {"x-told": 'a{"id"'}))


def test_two_secrets_are_good_while_one_is_changed() -> None:
    new = "a-new-secret-of-theirs"
    both = {"commerce": f"{new} {COMMERCE}", "checkouts": f"{CHECKOUTS} {new}"}

    for secret in (new, COMMERCE):
        assert told(by_commerce(envelope(), secret=secret), **both).kind == "charge.confirmed"
    for secret in (new, CHECKOUTS):
        assert told(by_checkouts(checkout(), secret=secret), **both).kind == "charge.confirmed"
    assert "not this account's" in why_not(by_commerce(envelope(), secret=f"{new} {COMMERCE}"), **both)


@pytest.mark.parametrize("secret", ["", "short", "é" * 20, "a" * 201, "a" * 20 + "\n", "a" * 20 + "  " + "b" * 20,
                                    " ".join(["a" * 20] * 3), "a" * 20 + " short"])  # fmt: skip
def test_what_is_no_secret(secret: str) -> None:
    with pytest.raises(BadRailAccount):
        check_secret(secret)


@pytest.mark.parametrize(
    ("received", "secrets", "says"),
    [
        (Received(b"{}", {}, NOW), {}, "no signature"),
        (Received(b"{}", {**by_commerce(b"{}").headers, **by_checkouts(b"{}").headers}, NOW), {}, "two kinds"),
        (by_commerce(envelope()), {"checkouts": CHECKOUTS}, "no secret for Commerce"),
        (by_checkouts(checkout()), {"commerce": COMMERCE}, "no secret for Checkouts"),
        (by_commerce(envelope(), secret="another secret of theirs"), {}, "not this account's"),
        (by_checkouts(checkout(), secret="another secret of theirs"), {}, "not this account's"),
        (by_commerce(envelope(), secret=CHECKOUTS), {}, "not this account's"),
        (by_checkouts(checkout(), secret=COMMERCE), {}, "not this account's"),
    ],
)
def test_what_nothing_proves(received: Received, secrets: dict[str, str], says: str) -> None:
    assert says in why_not(received, **secrets)


def test_nothing_is_parsed_before_it_is_proven() -> None:
    for api in (by_commerce, by_checkouts):
        assert "not this account's" in why_not(api(b"no JSON", secret="another secret of theirs"))


def test_signatures_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str, str]] = []
    right = hmac.compare_digest

    def seen(ours: str, given: str) -> bool:
        compared.append((ours, given))
        return right(ours, given)

    monkeypatch.setattr(hmac, "compare_digest", seen)
    for received in (by_commerce(envelope()), by_checkouts(checkout())):
        told(received)

    assert [ours == given for ours, given in compared] == [True, True]


BODIES: list[Any] = [
    b"", b"\xff\xfe", b"[]", b"null", b"1", b'"a"', b"{}", b"[" * 10_000, b'{"event":' * 10_000, b"a" * 2**20,
    b'{"event": {"id": "a", "type": "charge:confirmed", "created_at": NaN}}', b'{"a": Infinity}', b'{"a": -1e999}',
    b'{"event": {}}', b'{"event": []}', b"\xef\xbb\xbf{}",
    envelope(id="a b"), envelope(id=1), envelope(id="a" * 121), envelope(id=None), envelope(type=None),
    envelope(created_at="2026-03-01T09:30:00"), envelope(created_at="0001-01-01T00:00:00+23:00"), envelope(data=[]),
    charge(timeline=None), charge(timeline=[]), charge(timeline={}), charge(timeline=["NEW"]), charge(timeline=[{}]),
    charge(code=None), charge(code="\0"), charge(metadata={"a": "\0"}), charge(metadata={"a": "\ud800"}),
    charge(metadata={"a": float("nan")}),
    charge(metadata=[]), charge(metadata="a"), charge(pricing=[]), charge(pricing={"local": None}),
    charge(pricing={"local": {"amount": "25"}}), charge(payments={}), charge(payments=[None]), charge(payments=[{}]),
    charge(payments=[{"status": "confirmed"}]), charge(payments=[{"status": "confirmed", "value": {}}]),
    checkout(eventType=None), checkout(id=None), checkout(id="a" * 120), checkout(status=None), checkout(currency=None),
    checkout(updatedAt="yesterday"), checkout(settlement=[]), checkout(settlement={"totalAmount": "1"}),
    checkout(settlement={"feeAmount": {}}), checkout(fiatAmount="1"), checkout(transactionHash=7),
    checkout(eventType="checkout.refund.success"), checkout(eventType="checkout.refund.success", refunds="a"),
    checkout(eventType="checkout.refund.success", refunds=[{"status": "COMPLETED"}]),
    checkout(eventType="checkout.refund.success", refunds=refunds("x")),
]  # fmt: skip


@pytest.mark.parametrize("api", [by_commerce, by_checkouts])
@pytest.mark.parametrize("body", BODIES)
def test_what_is_proven_and_can_t_be_read(body: Any, api: Any) -> None:
    assert "signature" not in why_not(api(body))


@pytest.mark.parametrize(
    "amount",
    ["1e400", "1E5", "NaN", "Infinity", "-1", "+1", "", " 1", "1.", ".5", "1,5", "0x1", "1_000", "1\n",
     "\N{ARABIC-INDIC DIGIT ONE}", "9" * 41, "1." + "0" * 41, None, True, [], {}, -1],
)  # fmt: skip
def test_what_is_no_amount(amount: Any) -> None:
    for received in (
        by_commerce(charge(pricing={"local": {"amount": amount, "currency": "USD"}})),
        by_checkouts(checkout(amount=amount)),
        by_checkouts(checkout(fiatAmount=amount or "x", fiatCurrency="USD")),
        by_checkouts(checkout(eventType="checkout.refund.success", refunds=refunds(amount))),
    ):
        assert "is no amount" in why_not(received)


@pytest.mark.parametrize(
    ("written_as", "read_as"),
    [
        (b'"25.00"', "25.00"), (b"25.00", "25.00"), (b"25", "25"), (b'"0"', "0"),
        (b'"0.1000000000000000055511151231257827021181"', "0.1000000000000000055511151231257827021181"),
        (b"0.10000000000000000555", "0.10000000000000000555"),
        (b'"' + b"9" * 40 + b'"', "9" * 40), (b"9" * 40, "9" * 40),
    ],
)  # fmt: skip
def test_amounts_stay_what_was_sent_digit_by_digit(written_as: bytes, read_as: str) -> None:
    body = written(charge(pricing={"local": {"amount": "AMOUNT", "currency": "USD"}}))

    assert told(by_commerce(body.replace(b'"AMOUNT"', written_as))).data["asked"]["amount"] == read_as
    assert Decimal(read_as).is_finite()


HEADERS = [
    "", "t", "=", ",", "t=,h=,v1=", "t=1772357405,h=content-type", "t=1772357405,v1=" + "0" * 64,
    "t=1772357405,h=,v1=" + "0" * 64, "t=1772357405,h=content-type,v1=" + "0" * 63,
    "t=1772357405,h=content-type,v1=" + "0" * 64 + ",v1=" + "1" * 64, "t=1,t=1772357405,h=a,v1=" + "0" * 64,
    "t=1772357405,h=a\tb,v1=" + "0" * 64, "t=1772357405,h=" + " ".join(["a"] * 21) + ",v1=" + "0" * 64,
    "t=1772357405,h=content-type,v1=" + "é" * 64, "t=1772357405,h=é,v1=" + "0" * 64,
    "t=" + "9" * 400 + ",h=a,v1=" + "0" * 64, "t=-1772357405,h=a,v1=" + "0" * 64,
    "t=١٧٧٢٣٥٧٤٠٥,h=a,v1=" + "0" * 64, "a" * 100_000, "," * 100_000, "0" * 64,
    "0" * 64 + "," + "0" * 64, "é" * 64, "\ud800", "\N{REPLACEMENT CHARACTER}", "A" * 64,
]  # fmt: skip


@pytest.mark.parametrize("name", ["x-cc-webhook-signature", "x-hook0-signature"])
@pytest.mark.parametrize("header", HEADERS)
def test_headers_that_prove_nothing(header: str, name: str) -> None:
    assert "signature" in why_not(Received(written(envelope()), {name: header, "content-type": "a"}, NOW))


def test_a_header_that_is_signed_and_has_not_come() -> None:
    received = by_checkouts(checkout(), {"authorization": "Bearer x"})
    kept = {name: value for name, value in received.headers.items() if name != "authorization"}

    assert "the header authorization, which has not come" in why_not(Received(received.body, kept, NOW))
    assert told(received).kind == "charge.confirmed"


@pytest.mark.parametrize("value", ["é", "\N{REPLACEMENT CHARACTER}", chr(0xD800)])
def test_a_signed_header_is_plain_text(value: str) -> None:
    received = by_checkouts(checkout(), {"x-told": "a"})

    assert "header x-told" in why_not(Received(received.body, {**received.headers, "x-told": value}, NOW))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=9), part, max_size=3),
    max_leaves=6,
)


@st.composite
def mutated(draw: Any) -> bytes:
    """Return a body as somebody proven might write it, with something wrong at any place."""
    said = draw(st.sampled_from([envelope(), checkout(), checkout(eventType="checkout.refund.success",
                                                                  refunds=refunds("1", "2"))]))  # fmt: skip
    place = said
    while True:
        key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else list(range(len(place)))))
        if not (isinstance(place[key], dict | list) and place[key]) or draw(st.booleans()):
            break
        place = place[key]
    if draw(st.booleans()):
        place[key] = draw(JSON)
    else:
        del place[key]
    return json.dumps(said).encode()


@given(body=mutated() | st.binary(max_size=200) | JSON.map(written))
@example(body=b'{"id": "\\ud800"}')
def test_whatever_is_proven_is_a_notice_or_is_refused(body: bytes) -> None:
    for received in (by_commerce(body), by_checkouts(body)):
        try:
            notice = told(received)
        except NotProven:
            continue
        assert 0 < len(notice.external_id) <= 120
        assert 0 < len(notice.kind) <= 120
        assert notice.occurred_at.tzinfo is not None
        assert json.dumps(dict(notice.data), ensure_ascii=False).encode()
        sums = [notice.data.get("asked"), notice.data.get("fee"), *notice.data.get("paid", [])]
        assert all(AMOUNT.fullmatch(each["amount"]) for each in sums if each)


@given(
    header=st.text(max_size=300)
    | st.builds("t={},h={},v1={}".format, st.text(max_size=12), st.text(max_size=12), st.text(max_size=70)),
    other=st.dictionaries(st.sampled_from(["content-type", "x-event-id", "x-event-type"]), st.text(max_size=30)),
)
def test_whatever_signature_nobody_made_proves_nothing(header: str, other: dict[str, str]) -> None:
    for name, body in (("x-cc-webhook-signature", envelope()), ("x-hook0-signature", checkout())):
        with pytest.raises(NotProven):
            told(Received(written(body), {**other, name: header}, NOW))


@given(data=st.data())
def test_one_byte_of_what_is_signed_and_nothing_proves_it(data: Any) -> None:
    headers = {"x-event-id": "ev-1", "x-event-type": "checkout.payment.success"}
    for received in (by_commerce(envelope()), by_checkouts(checkout(), headers)):
        place = data.draw(st.integers(0, len(received.body) - 1))
        bit = 1 << data.draw(st.integers(0, 7))
        body = bytearray(received.body)
        body[place] ^= bit
        with pytest.raises(NotProven):
            told(Received(bytes(body), received.headers, NOW))
    name = data.draw(st.sampled_from(["content-type", "x-event-id", "x-event-type"]))
    signed = signed_headers(received.body, headers)
    with pytest.raises(NotProven):
        told(Received(received.body, {**signed, name: signed[name] + data.draw(st.text(min_size=1, max_size=3))}, NOW))
