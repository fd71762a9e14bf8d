"""Coinbase as it speaks: notices of Commerce and of Business Checkouts, as their documentation shows them."""

import hmac
import json
from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from django.test import Client

from identity.models import Program
from wallets.models import RailAccount
from wallets.operations import activate_rail_account, draft_rail_account
from wallets.queries.rail_accounts import hook_path
from wallets.rails import Received

COMMERCE, CHECKOUTS = "a8d6e1f0-commerce-0000", "5b1c77aa-checkouts-0000"
SECRETS = {"commerce": COMMERCE, "checkouts": CHECKOUTS}
NOW = datetime(2026, 3, 1, 9, 30, 5, tzinfo=UTC)
TX = "0x3a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4a5b6c7d8e9f0a1b"

_ENVELOPE: dict[str, Any] = {
    "id": "8a1c0000-0000-4000-8000-000000000001", "scheduled_for": "2026-03-01T09:30:02Z", "attempt_number": 1,
    "event": {
        "id": "24934862-d980-46cb-9402-43c81b0cdba6", "resource": "event", "type": "charge:confirmed",
        "api_version": "2018-03-22", "created_at": "2026-03-01T09:30:00Z",
        "data": {
            "id": "2aee9dd1-67b8-43ef-8dfe-977959850f27", "code": "XA6G6ZFR", "name": "Wallet top-up",
            "pricing_type": "fixed_price",
            "pricing": {"local": {"amount": "25.00", "currency": "USD"},
                        "settlement": {"amount": "25", "currency": "USDC"}},
            "metadata": {"session_id": "fs_123"},
            "timeline": [{"time": "2026-03-01T09:20:00Z", "status": "NEW"},
                         {"time": "2026-03-01T09:30:00Z", "status": "COMPLETED"}],
            "payments": [{
                "network": "base", "transaction_id": TX, "status": "confirmed", "detected_at": "2026-03-01T09:29:00Z",
                "value": {"local": {"amount": "25", "currency": "USD"},
                          "crypto": {"amount": "25.000001", "currency": "USDC"}},
                "payer_addresses": ["0x1230000000000000000000000000000000000000"],
            }],
            "hosted_url": "https://commerce.coinbase.com/charges/XA6G6ZFR",
        },
    },
}  # fmt: skip

_CHECKOUT: dict[str, Any] = {
    "id": "69163c762331ed43dc64a6ef", "url": "https://payments.coinbase.com/payment-links/pl_01k9zdrbdeezj98vaqaxrfare0",
    "amount": "100.00", "currency": "USDC", "network": "base",
    "address": "0x742d35Cc6634C0532925a3b844Bc454e4438f44e", "description": "Payment for order #12345",
    "eventType": "checkout.payment.success", "metadata": {"orderId": "12345"},
    "settlement": {"totalAmount": "100.00", "feeAmount": "1.25", "netAmount": "98.75", "currency": "USDC"},
    "status": "COMPLETED", "transactionHash": TX, "createdAt": "2026-03-01T09:20:00.329Z",
    "updatedAt": "2026-03-01T09:30:00.097Z",
}  # fmt: skip


def envelope(**other: Any) -> dict[str, Any]:
    """Return a notice of Commerce; ``other`` are parts of its event."""
    made = deepcopy(_ENVELOPE)
    made["event"] |= other
    return made


def charge(**other: Any) -> dict[str, Any]:
    """Return a notice of Commerce; ``other`` are parts of its charge."""
    made = deepcopy(_ENVELOPE)
    made["event"]["data"] |= other
    return made


def checkout(**other: Any) -> dict[str, Any]:
    return {**deepcopy(_CHECKOUT), **other}


def refunds(*amounts: str) -> list[dict[str, Any]]:
    """Return refunds of a checkout, the youngest first."""
    return [
        {"id": f"refund-{number}", "checkoutId": _CHECKOUT["id"], "amount": amount, "currency": "USDC",
         "status": "COMPLETED", "transactionHash": f"0xref{number}", "createdAt": f"2026-03-02T10:0{number}:00Z",
         "completedAt": f"2026-03-02T10:0{number}:30.5Z"}
        for number, amount in reversed(list(enumerate(amounts)))
    ]  # fmt: skip


def written(said: Any) -> bytes:
    return said if isinstance(said, bytes) else json.dumps(said).encode()


def mac(secret: str, *parts: bytes) -> str:
    return hmac.new(secret.encode(), b"".join(parts), "sha256").hexdigest()


def by_commerce(said: Any, *, secret: str = COMMERCE) -> Received:
    """Return a notice as Commerce sends it."""
    body = written(said)
    return Received(body, {"x-cc-webhook-signature": mac(secret, body)}, NOW)


def signed_headers(
    body: bytes, headers: Mapping[str, str] = MappingProxyType({}), *, secret: str = CHECKOUTS, at: datetime = NOW
) -> dict[str, str]:  # fmt: skip
    """Return headers as Hook0 signs and sends them; written out once more, to hold the adapter's to something."""
    sent = {"content-type": "application/json", **headers}
    names = " ".join(sorted(sent))
    text = f"{int(at.timestamp())}.{names}.{'.'.join(sent[name] for name in sorted(sent))}."
    return {**sent, "x-hook0-signature": f"t={int(at.timestamp())},h={names},v1={mac(secret, text.encode(), body)}"}


def by_checkouts(
    said: Any, headers: Mapping[str, str] = MappingProxyType({}), *, secret: str = CHECKOUTS,
    ago: timedelta = timedelta(0),
) -> Received:  # fmt: skip
    """Return a notice as Business Checkouts sends it; ``headers`` are signed."""
    body = written(said)
    return Received(body, signed_headers(body, headers, secret=secret, at=NOW - ago), NOW)


def merchant(program: Program, *, at: datetime, **secrets: str) -> RailAccount:
    """Return an account at Coinbase that is listened to."""
    account = draft_rail_account(
        program=program, rail="coinbase", name="coinbase", number="m-1", assets=["USDC"], secrets=secrets or SECRETS,
        at=at,
    )  # fmt: skip
    activate_rail_account(account.pk, program_id=program.pk, version=1, at=at)
    account.refresh_from_db()
    return account


def send(account: RailAccount, notice: Received) -> Any:
    headers = {name: value for name, value in notice.headers.items() if name != "content-type"}
    content_type = notice.headers.get("content-type", "application/json")
    return Client().post(hook_path(account), data=notice.body, content_type=content_type, headers=headers)
