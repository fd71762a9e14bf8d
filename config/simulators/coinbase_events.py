"""What Coinbase tells of charges, as Commerce and Business Checkouts write and sign it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import uuid4

from config.simulators.frame import Delivery
from wallets.rails.coinbase import checkouts, commerce

COMMERCE: Final = "commerce"
CHECKOUTS: Final = "checkouts"
_CRYPTO: Final = "USDC"
_NETWORK: Final = "base"


@dataclass(frozen=True, slots=True)
class Charge:
    """What somebody is to pay. Its receipts follow from its code: told of again, it was paid by the same ones."""

    code: str
    amount: Decimal
    currency: str
    metadata: Mapping[str, str]
    at: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(minutes=15))  # all of it has happened

    def digest(self, what: str) -> str:
        return hashlib.sha256(f"{self.code}:{what}".encode()).hexdigest()

    def time(self, minutes: int) -> str:
        return f"{self.at + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that became of a charge, under the name that Coinbase has for it each time it tells of it."""

    says: str
    kind: str
    said: Mapping[str, Any]
    key: str = field(default_factory=lambda: str(uuid4()))


def of_commerce(
    charge: Charge, what: str, *timeline: str, paid: Decimal | None = None, is_final: bool = True, says: str = "",
    asked: Decimal | None = None, key: str = "",
) -> Event:  # fmt: skip
    """Return an event of Commerce; entries of ``timeline`` are a status, and after a colon its context."""
    entries = [("NEW", ""), *((status, context) for status, _, context in (each.partition(":") for each in timeline))]
    amount = f"{charge.amount if asked is None else asked:f}"
    payment = {
        "network": _NETWORK, "transaction_id": f"0x{charge.digest('payment')}",
        "status": "confirmed" if is_final else "pending", "detected_at": charge.time(1),
        "value": {"local": {"amount": f"{paid or 0:f}", "currency": charge.currency},
                  "crypto": {"amount": f"{paid or 0:f}", "currency": _CRYPTO}},
        "payer_addresses": [f"0x{charge.digest('payer')[:40]}"],
    }  # fmt: skip
    data = {
        "id": f"{charge.digest('id')[:8]}-0000-4000-8000-{charge.digest('id')[8:20]}", "code": charge.code,
        "name": "Simulated charge", "pricing_type": "fixed_price",
        "pricing": {"local": {"amount": amount, "currency": charge.currency},
                    "settlement": {"amount": amount, "currency": _CRYPTO}},
        "metadata": dict(charge.metadata),
        "timeline": [
            {"time": charge.time(number), "status": status, **({"context": context} if context else {})}
            for number, (status, context) in enumerate(entries)
        ],
        "payments": [] if paid is None else [payment],
        "hosted_url": f"https://commerce.coinbase.com/charges/{charge.code}", "expires_at": charge.time(60),
    }  # fmt: skip
    event = {
        "resource": "event",
        "api_version": "2018-03-22",
        "created_at": charge.time(len(entries) - 1),
        "data": data,
    }
    return Event(says or f"charge:{what}", f"charge:{what}", event, **({"key": key} if key else {}))


def of_checkouts(
    charge: Charge, what: str, status: str, *, minutes: int = 1, paid: Decimal | None = None, says: str = "",
    asked: Decimal | None = None, refunds: Sequence[tuple[Decimal, str]] = (), key: str = "",
) -> Event:  # fmt: skip
    """Return an event of Business Checkouts; ``refunds`` are amounts and states, the oldest first."""
    said: dict[str, Any] = {
        "id": charge.code, "url": f"https://payments.coinbase.com/payment-links/pl_{charge.code}",
        "amount": f"{charge.amount if asked is None else asked:f}", "currency": _CRYPTO, "network": _NETWORK,
        "address": f"0x{charge.digest('address')[:40]}", "description": "Simulated checkout",
        "eventType": f"checkout.{what}", "metadata": dict(charge.metadata), "status": status,
        "createdAt": charge.time(0), "updatedAt": charge.time(minutes),
    }  # fmt: skip
    if charge.currency != _CRYPTO:
        said |= {"fiatAmount": said["amount"], "fiatCurrency": charge.currency}
    if paid is not None:
        fee = (paid / 100).quantize(Decimal("0.01"))
        said["transactionHash"] = f"0x{charge.digest('payment')}"
        said["settlement"] = {"totalAmount": f"{paid:f}", "feeAmount": f"{fee:f}", "netAmount": f"{paid - fee:f}",
                              "currency": _CRYPTO}  # fmt: skip
    if refunds:
        said["refundedAmount"] = f"{sum(amount for amount, state in refunds if state == 'COMPLETED'):f}"
        said["refunds"] = [
            {"id": charge.digest(f"refund {number}")[:24], "checkoutId": charge.code, "amount": f"{amount:f}",
             "currency": _CRYPTO, "status": state, "createdAt": charge.time(10 + number),
             "transactionHash": f"0x{charge.digest(f'refund {number}')}"}
            for number, (amount, state) in enumerate(refunds)
        ]  # fmt: skip
    return Event(says or f"checkout.{what}", f"checkout.{what}", said, **({"key": key} if key else {}))


def delivery_of(
    event: Event, *, api: str, secret: str, attempt: int = 1, off: timedelta = timedelta(0), is_proven: bool = True
) -> Delivery:
    """Return an event as it is sent for the ``attempt``-th time, signed as it is by Coinbase."""
    says = event.says + (f", attempt {attempt}" if attempt > 1 else "")
    if api == COMMERCE:
        envelope = {"id": str(uuid4()), "scheduled_for": event.said["created_at"], "attempt_number": attempt,
                    "event": {"id": event.key, "type": event.kind, **event.said}}  # fmt: skip
        body = json.dumps(envelope).encode()
        headers = {"Content-Type": "application/json", commerce.HEADER.title(): commerce.signature(secret, body)}
        return Delivery(says, body, headers, is_proven)
    body = json.dumps(event.said).encode()
    signed = {"content-type": "application/json", checkouts.EVENT_ID: event.key, checkouts.EVENT_TYPE: event.kind}
    proof = checkouts.signature(secret, body, headers=signed, at=datetime.now(UTC) + off)
    return Delivery(says, body, {**signed, checkouts.HEADER: proof}, is_proven)
