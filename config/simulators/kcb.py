"""KCB on this machine: Buni's paths and shapes, money that nobody has, and all that goes wrong with it.

It remembers what it has paid; what it says when it is asked is the truth, but for where a scenario says otherwise.
"""

import re
import secrets as chance
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from config.simulators.server import Call, Reply, Server

_TOKEN: Final = "/token"  # noqa: S105  (where one is fetched)
_PAY: Final = "/fundstransfer/1.0.0/api/v1/transfer"
_ASK: Final = re.compile(r"/kcb/transaction/query/1\.0\.0/api/v1/payment/query/([A-Za-z0-9]{1,12})")
_TOKEN_SECONDS: Final = 3_600
_SLOW_SECONDS: Final = 30
_ASKED_IN_VAIN: Final = 2  # questions, before what takes a while is known

# By the last four digits of the account that is paid; every other is paid at once, and known when it is asked about.
SCENARIOS: Final[Mapping[str, str]] = {
    "9901": "refused: too little money (200 with statusCode 1)",
    "9902": "refused: no such account (200 with statusCode 1)",
    "9903": "refused: not whitelisted (200 with statusCode 1)",
    "9904": "not paid, and answered with statusCode 1 and no reason",
    "9905": "paid, and answered with statusCode 1 and no reason",
    "9910": "paid, and answered that the reference was used before (200 with statusCode 1)",
    "9911": "paid, and not known the first two times that it is asked about",
    "9912": "paid, and pending the first two times that it is asked about",
    "9913": "paid, and a shilling less is said when it is asked about",
    "9914": "paid, and answered that there was too little money; asked, it says the truth",
    "9915": "taken, and sent back by the payee's bank",
    "9916": "paid, and another's transfer is shown when it is asked about",
    "9917": f"paid, and answered after {_SLOW_SECONDS} seconds",
    "9918": "paid, and answered with status 500",
    "9919": "paid, and the connection is cut",
    "9920": "not paid, and the connection is cut",
    "9921": "turned away at the gateway: too many requests (900800)",
    "9922": "paid, and no receipt is named when it is asked about",
    "9923": "refused at once: a field is missing (400)",
    "9924": "not paid, and answered with status 500",
}
_REFUSED: Final[Mapping[str, str]] = {
    "9901": "Insufficient funds",
    "9902": "Credit account does not exist",
    "9903": "Debit account is not whitelisted for this application",
}
_REQUEST: Final[Mapping[str, re.Pattern[str]]] = {
    "companyCode": re.compile(r"[A-Z0-9]{1,15}"),
    "transactionType": re.compile(r"IF|PL|EF|RT|MO"),
    "debitAccountNumber": re.compile(r"[0-9]{1,10}"),
    "creditAccountNumber": re.compile(r"[A-Z0-9]{1,34}"),
    "paymentDetails": re.compile(r".{1,35}"),
    "transactionReference": re.compile(r"[A-Za-z0-9]{1,12}"),
    "currency": re.compile(r"[A-Z]{3}"),
    "beneficiaryDetails": re.compile(r".{1,35}"),
    "beneficiaryBankCode": re.compile(r".{1,20}"),
}


@dataclass(slots=True)
class Transfer:
    """What became of a request, in truth."""

    reference: str
    account: str
    amount: Decimal
    kind: str
    receipt: str = ""  # of what was paid
    asked: int = 0

    @property
    def scenario(self) -> str:
        return self.account[-4:]


class Kcb(Server):
    """One company's KCB."""

    rail = "kcb"
    label = "KCB's transfers and the question what came of them, on this machine"
    variable = "KCB_URL"
    port = 8082
    scenarios = SCENARIOS

    def __init__(self, port: int, *, slow_seconds: float = _SLOW_SECONDS) -> None:
        self.transfers: dict[str, Transfer] = {}
        self._tokens: dict[str, datetime] = {}
        self._receipts = 0
        self._slow_seconds = slow_seconds
        self._lock = threading.Lock()
        super().__init__(port)

    @property
    def paid(self) -> list[Transfer]:
        """What has left for good: the truth that everything else is compared with."""
        return [transfer for transfer in self.transfers.values() if transfer.receipt]

    def answer(self, call: Call) -> Reply:
        """Answer as Buni does."""
        if (call.method, call.path) == ("POST", _TOKEN):
            return self._token(call)
        asked = _ASK.fullmatch(call.path) if call.method == "GET" else None
        if not asked and (call.method, call.path) != ("POST", _PAY):
            return _fault("900906", "No matching resource found", 404)
        if self._tokens.get(call.headers.get("authorization", ""), _AGES_AGO) < _now():
            return _fault("900901", "Invalid Credentials", 401)
        if asked:
            return self._ask(asked[1])
        said = call.json()
        wrong = _what_is_wrong(said)
        return _failed(f"{wrong} is mandatory", status=400) if wrong else self._pay(said)

    def _token(self, call: Call) -> Reply:
        who = call.headers.get("authorization", "")
        if not re.fullmatch(r"Basic [A-Za-z0-9+/]{8,}={0,2}", who) or call.body != b"grant_type=client_credentials":
            return Reply({"error": "invalid_client", "error_description": "Client Authentication failed."}, 401)
        token = chance.token_urlsafe(21)
        self._tokens[f"Bearer {token}"] = _now() + timedelta(seconds=_TOKEN_SECONDS)
        return Reply({"access_token": token, "scope": "default", "token_type": "Bearer", "expires_in": _TOKEN_SECONDS})

    def _pay(self, said: Mapping[str, Any]) -> Reply:
        transfer = Transfer(
            said["transactionReference"], said["creditAccountNumber"], Decimal(str(said["debitAmount"])),
            said["transactionType"],
        )  # fmt: skip
        scenario = transfer.scenario
        at_once = {
            "9920": Reply(is_cut=True),
            "9921": _fault("900800", "Message throttled out", 429),
            "9923": _failed("beneficiaryDetails is mandatory", status=400),
            "9924": Reply({"message": "Internal Server Error"}, 500),
            **{digits: _failed(words) for digits, words in _REFUSED.items()},
        }.get(scenario)
        if at_once:
            return at_once
        with self._lock:
            if transfer.reference in self.transfers:
                return _failed("Duplicate transaction reference")
            self.transfers[transfer.reference] = transfer
            if scenario not in ("9904", "9915"):
                self._receipts += 1
                transfer.receipt = f"FT{self._receipts:010d}"
        named = {"merchantID": f"M{transfer.reference}", "retrievalRefNumber": f"R{transfer.reference}"}
        told = {"transactionReference": transfer.reference, **named}
        taken = _told("0", "Success", "Accepted for processing", told)
        answers = {
            "9904": _failed("Transaction failed"),
            "9905": _failed("Transaction failed"),
            "9910": _failed("Duplicate transaction reference"),
            "9914": _failed("Insufficient funds"),
            "9917": Reply(taken, seconds=self._slow_seconds),
            "9918": Reply({"message": "Internal Server Error"}, 500),
            "9919": Reply(is_cut=True),
        }
        return answers.get(scenario, Reply(taken))

    def _ask(self, reference: str) -> Reply:
        transfer = self.transfers.get(reference)
        if transfer is None:
            return _failed("Transaction not found")
        transfer.asked += 1
        is_early = transfer.asked <= _ASKED_IN_VAIN
        if transfer.scenario == "9911" and is_early:
            return _failed("Transaction not found")
        shown: dict[str, Any] = {
            "transactionReference": reference, "transactionStatus": "SUCCESS" if transfer.receipt else "FAILED",
            "ftReference": transfer.receipt or None, "retrievalRefNumber": f"R{reference}",
            "debitAmount": f"{transfer.amount:f}", "currency": "KES", "creditAccountNumber": transfer.account,
            "transactionType": transfer.kind,
        }  # fmt: skip
        if transfer.scenario == "9912" and is_early:
            shown |= {"transactionStatus": "PENDING", "ftReference": None}
        elif transfer.scenario == "9913":
            shown["debitAmount"] = f"{transfer.amount - 1:f}"
        elif transfer.scenario == "9916":
            shown["transactionReference"] = "P0000000XXXX"
        elif transfer.scenario == "9922":
            shown["ftReference"] = None
        return Reply(_told("0", "Success", "Transaction found", shown))


_AGES_AGO: Final = datetime.min.replace(tzinfo=UTC)


def _now() -> datetime:
    return datetime.now(UTC)


def _told(code: str, message: str, description: str, response: Mapping[str, Any] | None = None) -> dict[str, Any]:
    header = {"statusCode": code, "statusMessage": message, "statusDescription": description}
    return {"header": header} if response is None else {"header": header, "response": dict(response)}


def _failed(words: str, *, status: int = 200) -> Reply:
    return Reply(_told("1", "Failed", words), status)


def _fault(code: str, message: str, status: int) -> Reply:
    return Reply({"fault": {"code": int(code), "message": message, "description": message}}, status)


def _what_is_wrong(said: Any) -> str:
    """Return the first field that is not as it is documented."""
    if not isinstance(said, dict):
        return "Request"
    for name, pattern in _REQUEST.items():
        value = said.get(name)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            return name
    amount: Any = said.get("debitAmount")
    is_number = isinstance(amount, int) or type(amount).__name__ == "float"
    return "" if is_number and not isinstance(amount, bool) and amount > 0 else "debitAmount"
