"""Daraja as it speaks: answers and results, as its documentation and public integrations show them."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from uuid_utils.compat import uuid7

from wallets.rails import Received
from wallets.rails.mpesa.results import about
from wallets.rails.sending import Desk, Order, Unit

NOW = datetime(2026, 3, 1, 9, 30, 5, tzinfo=UTC)
REFERENCE = "P0000001ABCD"
CONVERSATION = "AG_20260301_2010325b"
PAYEE = "254712000001"
KES = Unit("KES", 4, 2)


@cache
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def certificate() -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "M-Pesa for the tests")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(private_key().public_key()).serial_number(1)
        .not_valid_before(NOW - timedelta(days=9)).not_valid_after(NOW + timedelta(days=9_000))
        .sign(private_key(), hashes.SHA256())
    )  # fmt: skip
    return made.public_bytes(Encoding.PEM).decode()


def public_key() -> str:
    return private_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def secrets(**more: str) -> dict[str, str]:
    return {
        "consumer_key": "a-consumer-key", "consumer_secret": "a-consumer-secret", "initiator_name": "apiop",
        "initiator_password": "Safe#123", "certificate": certificate(), **more,
    }  # fmt: skip


def desk(**more: str) -> Desk:
    return Desk(
        account_id=uuid7(), number="600992", secrets=secrets(**more), hook_url="https://house.example/api/v2/hooks/d/T0"
    )


def order(amount: str = "2450", **more: Any) -> Order:
    given = {"reference": REFERENCE, "unit": KES, "destination": PAYEE, "note": "Payout B12", **more}
    return Order(amount=Decimal(amount), **given)


def parameters(**more: Any) -> list[dict[str, Any]]:
    """Return the parameters of a success; what is None is left out."""
    told = {
        "TransactionAmount": 2450, "TransactionReceipt": "UC16XYZ789",
        "ReceiverPartyPublicName": f"{PAYEE} - JANE DOE", "TransactionCompletedDateTime": "01.03.2026 09:31:20",
        "B2CUtilityAccountAvailableFunds": 89592.6, "B2CWorkingAccountAvailableFunds": 0.0,
        "B2CRecipientIsRegisteredCustomer": "Y", "B2CChargesPaidAccountAvailableFunds": -1980.0, **more,
    }  # fmt: skip
    return [{"Key": key, "Value": value} for key, value in told.items() if value is not None]


def result(code: int | str = 0, *, told: Any = None, **more: Any) -> dict[str, Any]:
    """Return a result; ``told`` are its parameters."""
    body = {
        "ResultType": 0, "ResultCode": code, "ResultDesc": "The service request is processed.",
        "OriginatorConversationID": REFERENCE, "ConversationID": CONVERSATION, "TransactionID": "UC16XYZ789",
        "ReferenceData": {"ReferenceItem": {"Key": "QueueTimeoutURL", "Value": "https://internal.example"}}, **more,
    }  # fmt: skip
    return {"Result": body if told is None else {**body, "ResultParameters": {"ResultParameter": told}}}


def status(state: str = "Completed", **more: Any) -> dict[str, Any]:
    """Return the answer to a question, which has names of its own."""
    told = {
        "ReceiptNo": "UC16XYZ789", "ConversationID": CONVERSATION, "FinalisedTime": 20260301093120, "Amount": 2450.00,
        "TransactionStatus": state, "ReasonType": "B2C", "OriginatorConversationID": REFERENCE,
        "CreditPartyName": f"{PAYEE} - JANE DOE", **more,
    }  # fmt: skip
    entries = [{"Key": key, "Value": value} for key, value in told.items() if value is not None]
    return result(told=entries, OriginatorConversationID="2911-9-1", ConversationID="AG_20260301_another")


def received(said: Any, what: str = "r", *, reference: str = REFERENCE, address: str | None = "192.0.2.7") -> Received:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return Received(body, {}, NOW, address, about(what, reference))
