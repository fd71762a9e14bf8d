"""What is sent to the two public APIs, and what comes back: shown in the documentation, one for each route."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample

USER: Final = "01a1f9e3-7c10-7a31-9d2e-0c6b4f1f7a10"
PARTY: Final = "01a1f9e3-7c11-7b02-8f4a-5d1e2c3b4a59"
WALLET: Final = "01a1f9e3-7c12-7e93-b0c1-9a8b7c6d5e4f"
LINE: Final = "01a1f9e4-10aa-7d14-a5b6-1f2e3d4c5b6a"
BOOKED_AS: Final = "01a1f9e4-10a9-7c25-96d7-2a3b4c5d6e7f"
PAYMENT: Final = "01a1f9e4-2b3c-7f36-87e8-3b4c5d6e7f80"
AT: Final = "2026-11-21T09:30:00.000000Z"

_GOLD: Final[dict[str, Any]] = {
    "id": WALLET, "party_id": PARTY, "asset": "GOLD", "state": "ACTIVE", "version": 4, "available": "995",
    "reserved": "0", "owed": "0", "total": "995", "last_transaction_at": AT, "opened_at": AT,
}  # fmt: skip
_LINE: Final[dict[str, Any]] = {
    "id": LINE, "wallet_id": WALLET, "asset": "GOLD", "number": 3, "type": "SPEND", "status": "COMPLETED",
    "amount": "5", "is_credit": False, "owed_change": "0", "balance_before": "1000", "balance_after": "995",
    "description": "Level 7", "metadata": {"order": "1042"}, "payment_id": None, "ledger_transaction_id": BOOKED_AS,
    "created_at": AT, "completed_at": AT,
}  # fmt: skip
_PAID: Final[dict[str, Any]] = {
    "id": PAYMENT, "method": "WALLET", "state": "PAID", "party_id": PARTY, "wallet_id": WALLET, "asset": "KES",
    "amount": "250", "payee": "program:acme:revenue", "rail": "", "description": "Order 1042", "metadata": {},
    "refunded": "0", "charged_back": "0", "receipt": "", "wallet_transaction_id": LINE,
    "ledger_transaction_id": BOOKED_AS, "created_at": AT, "paid_at": AT,
}  # fmt: skip
_PENDING: Final[dict[str, Any]] = {
    **_PAID, "method": "DIRECT", "state": "PENDING", "wallet_id": None, "rail": "mpesa", "wallet_transaction_id": None,
    "ledger_transaction_id": None, "paid_at": None,
}  # fmt: skip


def _sent(name: str, value: Any) -> list[OpenApiExample]:
    return [OpenApiExample(name, value=value, request_only=True)]


def _answered(name: str, value: Any, status: str) -> list[OpenApiExample]:
    return [OpenApiExample(name, value=value, response_only=True, status_codes=[status])]


BALANCES: Final = _answered("Balances", {"user_id": USER, "party_id": PARTY, "wallets": [_GOLD]}, "200")
LINES: Final = _answered("Transactions", _LINE, "200")
TOP_UP: Final = [
    *_sent("Money, from a rail", {"asset": "KES", "amount": "250", "rail": "mpesa", "idempotency_key": "receipt-QX1"}),
    *_sent("Points", {"asset": "GOLD", "amount": "1000", "idempotency_key": "order-1041"}),
]
BONUS: Final = _sent("Bonus", {"asset": "GOLD", "amount": "50", "description": "Welcome", "idempotency_key": "hi-1"})
SPEND: Final = _sent(
    "Spend",
    {"asset": "GOLD", "amount": "5", "description": "Level 7", "metadata": {"order": "1042"},
     "idempotency_key": "order-1042"},
)  # fmt: skip
BOOKED: Final = _answered("Booked", {**_LINE, "version": 4}, "201")
WALLET_INFO: Final = _answered(
    "Wallet info", {"user_id": USER, "party_id": PARTY, "wallets": [_GOLD], "transactions": [_LINE]}, "200"
)
MANUAL_PAYMENT: Final = _sent(
    "From the wallet",
    {"asset": "KES", "amount": "250", "description": "Order 1042", "idempotency_key": "order-1042"},
)
PAID: Final = _answered("Paid", _PAID, "201")
DIRECT_PAYMENT: Final = _sent(
    "Through a rail",
    {"asset": "KES", "amount": "250", "rail": "mpesa", "description": "Order 1042", "idempotency_key": "order-1042"},
)
PENDING: Final = _answered("Pending", _PENDING, "201")
