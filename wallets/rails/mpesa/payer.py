"""How phones are paid: B2C, and the question what came of it."""

import re
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from audit.egress import Reply
from wallets.errors import BadPayee
from wallets.rails import RailError
from wallets.rails.bearer import object_in, text_in
from wallets.rails.mpesa.codes import ERRORS
from wallets.rails.mpesa.credentials import security_credential
from wallets.rails.mpesa.daraja import DARAJA
from wallets.rails.mpesa.results import RESULT, STATUS, STATUS_TIMEOUT, TIMEOUT, about
from wallets.rails.reading import NAME
from wallets.rails.sending import (
    LADDER,
    Accepted,
    Answer,
    Desk,
    Limits,
    Order,
    Refused,
    Survey,
    Unclear,
    Unit,
    Waiting,
    Wire,
)

_PAY: Final = "/mpesa/b2c/v3/paymentrequest"
_ASK: Final = "/mpesa/transactionstatus/v1/query"
_CURRENCY: Final = "KES"
_LIMITS: Final = Limits(
    places=0, least=Decimal(10), most=Decimal(250_000), most_a_day=Decimal(500_000)
)  # fmt: skip
_PHONE: Final = re.compile(r"254[17][0-9]{8}")
_REMARKS: Final = re.compile(r"[^A-Za-z0-9 .-]")
_NOT_KES: Final = Refused(code="not_kes", reason="M-Pesa pays Kenyan shillings and nothing else.")


class _B2C:
    pays = "MPESA"
    counts = False
    may_repeat = False  # a second one of the same id is an error, and what became of the first stays open
    by_file = False
    asks_after_accepted: Sequence[timedelta] = LADDER
    asks_after_unclear: Sequence[timedelta] = LADDER

    def limits(self, unit: Unit) -> Limits:
        """Return what M-Pesa takes in one go: whole shillings."""
        return _LIMITS

    def checked(self, destination: str) -> str:
        """Return the phone's number.

        :raises BadPayee: if it is none in Kenya.
        """
        if not _PHONE.fullmatch(destination):
            raise BadPayee(reason="a phone's number at M-Pesa is 254, 1 or 7, and 8 digits")
        return destination

    def fee(self, amount: Decimal, unit: Unit) -> Decimal | None:
        """Return None: it depends on the shortcode's tariff, and is taken from another account."""
        return None

    def survey(self, desk: Desk, orders: Sequence[Order]) -> Survey:
        """Find out whether M-Pesa lets us in, before anything is stored: while it doesn't, nothing is tried.

        :raises RailError: if it does not.
        """
        DARAJA.require_token(desk.secrets)
        return Survey(refused={order.reference: _NOT_KES for order in orders if order.unit.code != _CURRENCY})

    def write(self, desk: Desk, order: Order, survey: Survey, *, number: int | None) -> Wire:
        """Return what is said of it, but for what is secret: the password, and the address that is called back."""
        assert order.amount == order.amount.to_integral_value(), order
        assert order.unit.code == _CURRENCY, order
        remarks = " ".join(_REMARKS.sub(" ", order.note).split())[:100]
        return {
            "OriginatorConversationID": order.reference,
            "InitiatorName": desk.secrets["initiator_name"],
            "CommandID": "BusinessPayment",
            "Amount": f"{order.amount:.0f}",
            "PartyA": desk.number,
            "PartyB": order.destination,
            "Remarks": remarks if len(remarks) >= 2 else "Payout",
            "Occassion": order.reference,  # written so there
        }

    def submit(self, desk: Desk, order: Order, wire: Wire) -> Answer:
        """Send it. Only what has surely not been heard, or was surely turned away, is refused."""
        reply = DARAJA.submit(_PAY, {**wire, **_private(desk, order, RESULT, TIMEOUT)}, desk.secrets)
        return _answer(reply, order) if isinstance(reply, Reply) else reply

    def query(self, desk: Desk, order: Order, wire: Wire) -> Answer | Waiting:
        """Ask; the answer comes by a notice, as all of M-Pesa's do.

        :raises RailError: if it does not even take the question.
        """
        said = {
            "Initiator": desk.secrets["initiator_name"],
            "CommandID": "TransactionStatusQuery",
            "TransactionID": "",
            "OriginalConversationID": order.reference,
            "PartyA": int(desk.number),
            "IdentifierType": "4",
            "Remarks": "Payout",
            "Occasion": order.reference,  # and here with one s
            **_private(desk, order, STATUS, STATUS_TIMEOUT),
        }
        reply = DARAJA.ask("POST", _ASK, desk.secrets, said=said)
        told = object_in(reply)
        if not reply.is_success or text_in(told, "ResponseCode") != "0":
            code = text_in(told, "errorCode") or text_in(told, "ResponseCode")
            raise RailError(f"M-Pesa does not take the question: status {reply.status}, {code or 'no code'}")
        return Waiting(reason="M-Pesa was asked; its answer comes by a notice.")

    def hurry(self, desk: Desk, order: Order, wire: Wire, survey: Survey) -> Wire:
        """Return what there was: nothing makes M-Pesa faster."""
        return wire

    def float_of(self, desk: Desk, unit: Unit) -> Decimal | None:
        """Return None: M-Pesa tells its balances by notices alone."""
        return None


B2C: Final = _B2C()


def _private(desk: Desk, order: Order, result: str, timeout: str) -> dict[str, str]:
    return {
        "SecurityCredential": security_credential(desk.secrets),
        "QueueTimeOutURL": f"{desk.hook_url}/{about(timeout, order.reference)}",
        "ResultURL": f"{desk.hook_url}/{about(result, order.reference)}",
    }


def _answer(reply: Reply, order: Order) -> Answer:
    told = object_in(reply)
    named = text_in(told, "ConversationID")
    named = named if NAME.fullmatch(named) else ""
    code = text_in(told, "ResponseCode" if reply.is_success else "errorCode")
    evidence: dict[str, Any] = {"status": reply.status, "code": code}
    message = text_in(told, "errorMessage") or text_in(told, "ResponseDescription")
    if message:
        evidence["message"] = message
    is_ours = text_in(told, "OriginatorConversationID") in ("", order.reference)
    if reply.is_success and code == "0" and named and is_ours:
        return Accepted(rail_reference=named)
    if code in ERRORS and is_ours and "duplicate" not in message.lower():
        return Refused(code=code, reason=ERRORS[code], rail_reference=named, evidence=evidence)
    what = f"status {reply.status}, {code or 'no code'}"
    return Unclear(
        reason=f"M-Pesa's answer does not say whether it was sent: {what}.", rail_reference=named, evidence=evidence
    )
