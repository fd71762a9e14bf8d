"""KCB as it speaks: answers to transfers and questions, as public integrations show them."""

from decimal import Decimal
from typing import Any

from uuid_utils.compat import uuid7

from tests.wallets.mpesa import KES
from wallets.rails.sending import Desk, Order

REFERENCE = "P0000001ABCD"
ACCOUNT = "909099090"


def secrets(**more: str) -> dict[str, str]:
    given = {"consumer_key": "a-consumer-key", "consumer_secret": "a-consumer-secret", "company_code": "KE0010001"}
    return {**given, **more}


def desk(**more: str) -> Desk:
    return Desk(account_id=uuid7(), number="37890012", secrets=secrets(**more))


def order(amount: str = "2450", **more: Any) -> Order:
    given = {
        "reference": REFERENCE, "unit": KES, "destination": f"01100:{ACCOUNT}", "holder": "Jane Doe",
        "note": "Payout B12", **more,
    }  # fmt: skip
    return Order(amount=Decimal(amount), **given)


def header(code: str = "0", words: str = "Accepted for processing", **response: Any) -> dict[str, Any]:
    """Return an answer of the older kind; with a response, if there is one."""
    head = {"header": {"statusCode": code, "statusDescription": words}}
    return {**head, "response": response} if response else head


def shown(**more: Any) -> dict[str, Any]:
    """Return what a question finds; what is None is left out."""
    found = {
        "transactionReference": REFERENCE, "transactionStatus": "SUCCESS", "ftReference": "FT26060ABCDE",
        "retrievalRefNumber": "RRN1", "debitAmount": 2450.00, "currency": "KES", "creditAccountNumber": ACCOUNT, **more,
    }  # fmt: skip
    return header(words="Found", **{key: value for key, value in found.items() if value is not None})
