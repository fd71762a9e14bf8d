"""M-Pesa on this machine: Daraja's paths and shapes, money that nobody has, and all that goes wrong with it.

It remembers what it has paid, and a question about it gets the truth, whatever was said before.
"""

import re
import secrets as chance
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from config.simulators.server import Call, Reply, Server

_PAY: Final = "/mpesa/b2c/v3/paymentrequest"
_ASK: Final = "/mpesa/transactionstatus/v1/query"
_TOKEN: Final = "/oauth/v1/generate"  # noqa: S105  (where one is fetched)
_TOKEN_SECONDS: Final = 3_599
_EAST_AFRICA: Final = timezone(timedelta(hours=3))
_WORDS: Final = ("mpesa", "safaricom", "sql", "query", "exe", "cmd")  # which addresses must not contain
_ACCEPTED: Final = "Accept the service request successfully."
_SLOW_SECONDS: Final = 30

# By the last four digits of the number that is paid; every other is paid at once and told of once.
SCENARIOS: Final[Mapping[str, str]] = {
    "9901": "refused: no float (1)",
    "9902": "refused: below the minimum (2)",
    "9908": "refused: the payee's account would hold too much (8)",
    "9940": "refused: the payee is not registered (2040)",
    "9903": "refused: no such number (SFC_IC0003)",
    "9910": "paid, and nobody tells",
    "9911": "paid, and told three times",
    "9912": "paid, and told before the request is answered",
    "9913": "paid, and told that it was refused (1)",
    "9914": "paid, and answered that the id was used before (500.002.1001)",
    "9915": "the queue is too slow; then it is paid after all",
    "9916": "paid, and a shilling less is told",
    "9917": f"paid, and answered after {_SLOW_SECONDS} seconds",
    "9918": "paid, and answered with status 500",
    "9919": "paid, and the connection is cut",
    "9920": "not paid, and the connection is cut",
    "9921": "turned away at the gateway: too many requests (500.003.02)",
    "9922": "paid, and told without a receipt",
    "9923": "refused at once: a bad number (400.002.02)",
    "9924": "not paid, and answered with status 500",
}
_REFUSED: Final[Mapping[str, int | str]] = {"9901": 1, "9902": 2, "9908": 8, "9940": 2040, "9903": "SFC_IC0003"}
_REQUEST: Final[Mapping[str, re.Pattern[str]]] = {
    "OriginatorConversationID": re.compile(r"[A-Za-z0-9_-]{1,20}"),
    "InitiatorName": re.compile(r"\S{1,60}"),
    "SecurityCredential": re.compile(r"[A-Za-z0-9+/]{300,700}={0,2}"),
    "CommandID": re.compile(r"SalaryPayment|BusinessPayment|PromotionPayment"),
    "Amount": re.compile(r"[1-9][0-9]{0,6}"),
    "PartyA": re.compile(r"[0-9]{5,7}"),
    "PartyB": re.compile(r"254[17][0-9]{8}"),
    "Remarks": re.compile(r".{2,100}"),
    "QueueTimeOutURL": re.compile(r"https?://\S+"),
    "ResultURL": re.compile(r"https?://\S+"),
    "Occassion": re.compile(r".{0,100}"),
}
_QUESTION: Final[Mapping[str, re.Pattern[str]]] = {
    "Initiator": re.compile(r"\S{1,60}"),
    "SecurityCredential": _REQUEST["SecurityCredential"],
    "CommandID": re.compile("TransactionStatusQuery"),
    "OriginalConversationID": _REQUEST["OriginatorConversationID"],
    "PartyA": _REQUEST["PartyA"],
    "IdentifierType": re.compile("4"),
    "ResultURL": _REQUEST["ResultURL"],
    "QueueTimeOutURL": _REQUEST["QueueTimeOutURL"],
}


@dataclass(slots=True)
class Payment:
    """What became of a request, in truth."""

    reference: str
    conversation: str
    phone: str
    amount: int
    receipt: str = ""  # of what was paid
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Mpesa(Server):
    """One shortcode's M-Pesa."""

    rail = "mpesa"
    label = "M-Pesa's B2C and transaction status, on this machine"
    variable = "MPESA_URL"
    port = 8081
    scenarios = SCENARIOS

    def __init__(self, port: int, *, seconds: float = 0.2, slow_seconds: float = _SLOW_SECONDS) -> None:
        self.payments: dict[str, Payment] = {}
        self._tokens: dict[str, datetime] = {}
        self._number = self._receipts = 0
        self._seconds, self._slow_seconds = seconds, slow_seconds  # until results are told
        self._lock = threading.Lock()
        super().__init__(port)

    @property
    def paid(self) -> list[Payment]:
        """What has left for good: the truth that everything else is compared with."""
        return [payment for payment in self.payments.values() if payment.receipt]

    def answer(self, call: Call) -> Reply:
        """Answer as Daraja does."""
        if (call.method, call.path) == ("GET", _TOKEN):
            return self._token(call)
        if call.method != "POST" or call.path not in (_PAY, _ASK):
            return _error("404.001.01", "Resource not found", 404)
        if self._tokens.get(call.headers.get("authorization", ""), datetime.min.replace(tzinfo=UTC)) < _now():
            return _error("404.001.03", "Invalid Access Token", 401)
        said = call.json()
        wrong = _what_is_wrong(said, _REQUEST if call.path == _PAY else _QUESTION)
        if wrong:
            return _error("400.002.02", f"Bad Request - Invalid {wrong}", 400)
        return self._pay(said) if call.path == _PAY else self._ask(said)

    def _token(self, call: Call) -> Reply:
        if not re.fullmatch(r"Basic [A-Za-z0-9+/]{8,}={0,2}", call.headers.get("authorization", "")):
            return _error("400.008.01", "Invalid Authentication passed", 400)
        token = chance.token_urlsafe(21)
        self._tokens[f"Bearer {token}"] = _now() + timedelta(seconds=_TOKEN_SECONDS)
        return Reply({"access_token": token, "expires_in": str(_TOKEN_SECONDS)})

    def _pay(self, said: Mapping[str, Any]) -> Reply:
        reference, scenario = said["OriginatorConversationID"], said["PartyB"][-4:]
        at_once = {
            "9921": _error(
                "500.003.02", "System is busy. Please try again in few minutes: Spike arrest violation", 500
            ),
            "9923": _error("400.002.02", "Bad Request - Invalid PhoneNumber", 400),
        }.get(scenario)
        if at_once:
            return at_once
        with self._lock:
            if reference in self.payments:
                return _error("500.002.1001", "Duplicate OriginatorConversationID.", 500)
            self._number += 1
            payment = Payment(
                reference, f"AG_{_now():%Y%m%d}_{chance.token_hex(8)}{self._number}", said["PartyB"],
                int(said["Amount"]),
            )  # fmt: skip
            if scenario == "9920":
                return Reply(is_cut=True)
            if scenario == "9924":
                return _error("500.003.1001", "Internal Server Error", 500)
            self.payments[reference] = payment
            if scenario not in _REFUSED and scenario != "9915":
                self._settle(payment)
        self._tell(payment, scenario, said)
        answers = {
            "9914": _error("500.002.1001", "Duplicate OriginatorConversationID.", 500),
            "9917": Reply(_ack(payment), seconds=self._slow_seconds),
            "9918": _error("500.003.1001", "Internal Server Error", 500),
            "9919": Reply(is_cut=True),
        }
        return answers.get(scenario, Reply(_ack(payment)))

    def _settle(self, payment: Payment) -> None:
        self._receipts += 1  # of its own: a late one must not have the receipt of another
        payment.receipt, payment.at = f"SIM{self._receipts:07d}", _now()

    def _tell(self, payment: Payment, scenario: str, said: Mapping[str, Any]) -> None:
        to = said["ResultURL"]
        if scenario in _REFUSED:
            self.tell(to, _result(payment, _REFUSED[scenario], "It was refused."), seconds=self._seconds)
        elif scenario == "9912":
            self.tell_now(to, _success(payment))
        elif scenario == "9913":
            self.tell(to, _result(payment, 1, "The balance is insufficient."), seconds=self._seconds)
        elif scenario == "9915":
            self.tell(said["QueueTimeOutURL"], _result(payment, 1037, "The queue timed out."), seconds=self._seconds)
            self.later(3 * self._seconds, lambda: self._pay_late(payment, to))
        elif scenario == "9916":
            self.tell(to, _success(payment, TransactionAmount=payment.amount - 1), seconds=self._seconds)
        elif scenario == "9922":
            self.tell(to, _success(payment, TransactionReceipt=None), seconds=self._seconds)
        elif scenario not in ("9910", "9914", "9918", "9919"):
            for _ in range(3 if scenario == "9911" else 1):
                self.tell(to, _success(payment), seconds=self._seconds)

    def _pay_late(self, payment: Payment, to: str) -> None:
        with self._lock:
            self._settle(payment)
        self.tell_now(to, _success(payment))

    def _ask(self, said: Mapping[str, Any]) -> Reply:
        payment = self.payments.get(said["OriginalConversationID"])
        # A question has names of its own.
        asked = Payment(f"{chance.randbelow(10**6)}-1", f"AG_{chance.token_hex(8)}", phone="", amount=0)
        if payment is None:
            told = _result(asked, 2032, "The transaction can't be found.")
        else:
            told = _result(asked, 0, "The service request is processed successfully.", _state(payment))
        self.tell(said["ResultURL"], told, seconds=self._seconds)
        return Reply(_ack(asked))


def _now() -> datetime:
    return datetime.now(UTC)


def _error(code: str, message: str, status: int) -> Reply:
    return Reply({"requestId": chance.token_hex(8), "errorCode": code, "errorMessage": message}, status)


def _ack(payment: Payment) -> dict[str, Any]:
    return {
        "ConversationID": payment.conversation, "OriginatorConversationID": payment.reference, "ResponseCode": "0",
        "ResponseDescription": _ACCEPTED,
    }  # fmt: skip


def _what_is_wrong(said: Any, shape: Mapping[str, re.Pattern[str]]) -> str:
    """Return the first field that is not as it is documented, addresses with words that Daraja refuses among them."""
    if not isinstance(said, dict):
        return "Request"
    for name, pattern in shape.items():
        value = said.get(name)
        if not isinstance(value, str | int) or not pattern.fullmatch(str(value)):
            return name
        if name.endswith("URL") and any(word in str(value).lower() for word in _WORDS):
            return name
    return "" if shape is _QUESTION or 10 <= int(said["Amount"]) <= 250_000 else "Amount"


def _result(
    payment: Payment, code: int | str, told: str, parameters: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ResultType": 0, "ResultCode": code, "ResultDesc": told, "OriginatorConversationID": payment.reference,
        "ConversationID": payment.conversation, "TransactionID": payment.receipt or "SIM0000000",
        "ReferenceData": {"ReferenceItem": {"Key": "QueueTimeoutURL", "Value": "https://internal.invalid"}},
    }  # fmt: skip
    if parameters is not None:
        entries = [{"Key": key, "Value": value} for key, value in parameters.items() if value is not None]
        chance.SystemRandom().shuffle(entries)  # they come in any order
        result["ResultParameters"] = {"ResultParameter": entries}
    return {"Result": result}


def _success(payment: Payment, **more: Any) -> dict[str, Any]:
    return _result(payment, 0, "The service request is processed successfully.", {
        "TransactionAmount": payment.amount, "TransactionReceipt": payment.receipt,
        "ReceiverPartyPublicName": f"{payment.phone} - DEMO PAYEE",
        "TransactionCompletedDateTime": f"{payment.at.astimezone(_EAST_AFRICA):%d.%m.%Y %H:%M:%S}",
        "B2CUtilityAccountAvailableFunds": 1_000_000.5, "B2CWorkingAccountAvailableFunds": 0.0,
        "B2CRecipientIsRegisteredCustomer": "Y", "B2CChargesPaidAccountAvailableFunds": -1980.0, **more,
    })  # fmt: skip


def _state(payment: Payment) -> dict[str, Any]:
    is_open = not payment.receipt and payment.phone.endswith("9915")
    return {
        "ReceiptNo": payment.receipt or None, "ConversationID": payment.conversation,
        "FinalisedTime": int(f"{payment.at.astimezone(_EAST_AFRICA):%Y%m%d%H%M%S}"), "Amount": float(payment.amount),
        "TransactionStatus": "Completed" if payment.receipt else "Pending" if is_open else "Failed",
        "ReasonType": "Business Payment to Customer", "OriginatorConversationID": payment.reference,
        "CreditPartyName": f"{payment.phone} - DEMO PAYEE",
    }  # fmt: skip
