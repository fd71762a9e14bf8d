"""What M-Pesa tells: results of payments, timeouts of its queues, and answers to what we have asked."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final

from wallets.errors import NotProven
from wallets.rails import Notice, Received
from wallets.rails.mpesa.codes import COMPLETED, ENDED, RESULTS
from wallets.rails.mpesa.credentials import may_call
from wallets.rails.reading import NAME, amount_in, part_of, said_in
from wallets.rails.sending import CONFIRMED, REFUSED, UNCLEAR, Outcome, Paid, Refused, Unclear, data_of

# What an address that we name is for.
RESULT, TIMEOUT, STATUS, STATUS_TIMEOUT = "r", "t", "s", "u"
# Said of questions, not of payments: nobody listens, and we ask again.
NO_STATUS: Final = "mpesa:no_status"
PENDING: Final = "mpesa:pending"

_ABOUT: Final = re.compile(r"([rtsu])/((?:[0-9a-f]{2}){1,20})")
_REFERENCE: Final = re.compile(r"[A-Z0-9]{1,20}")
_EAST_AFRICA: Final = timezone(timedelta(hours=3))  # without daylight saving
_TIMES: Final = ("%d.%m.%Y %H:%M:%S", "%Y%m%d%H%M%S")
_ENTRIES_AT_MOST: Final = 40


def about(what: str, reference: str) -> str:
    """Return what stands behind the account's address, for one request.

    The reference is in hexadecimal digits: its letters could make one of the words that M-Pesa refuses in addresses.
    """
    return f"{what}/{reference.encode().hex()}"


def read(received: Received, secrets: Mapping[str, str]) -> Notice:
    """Return what the notice says of the request whose address was called.

    :raises NotProven: if that is no address of ours, the caller is not M-Pesa's, or it can't be read.
    """
    if not may_call(received.address, secrets):
        raise NotProven(reason="it does not come from an address that this account names as M-Pesa's")
    what, reference = _asked(received.about)
    if what == TIMEOUT:
        # Its body is not described anywhere; that it came says all there is to say, and that is never a failure.
        late = Unclear(reason="M-Pesa's queue was too slow: it may still be sent.", evidence=_timeout(received.body))
        return _notice(UNCLEAR, reference, received.at, data_of(reference, late))
    if what == STATUS_TIMEOUT:
        return _notice(NO_STATUS, reference, received.at, {"reference": reference, **_timeout(received.body)})
    result = part_of(said_in(received.body), "Result")
    parameters = _parameters(result)
    if what == STATUS:
        return _of_status(reference, result, parameters, received.at)
    if _text(result, "OriginatorConversationID") != reference:
        raise NotProven(reason="it is about another payment than the address that it came to")
    return _of_outcome(reference, _outcome(result, parameters), parameters, received.at)


def _asked(path: str) -> tuple[str, str]:
    found = _ABOUT.fullmatch(path)
    reference = bytes.fromhex(found[2]).decode("ascii", "replace") if found else ""
    if not found or not _REFERENCE.fullmatch(reference):
        raise NotProven(reason="it came to an address that we have given to nobody")
    return found[1], reference


def _outcome(result: Mapping[str, Any], parameters: Mapping[str, Any]) -> Outcome:
    code, told = _text(result, "ResultCode"), _text(result, "ResultDesc")
    named = _name(result, "ConversationID")
    evidence = _evidence(result, parameters)
    if code == "0":
        receipt = _name(parameters, "TransactionReceipt")
        if not receipt or not _has_amount(parameters, "TransactionAmount"):
            # Paid, it says, and does not show it; asked, it will.
            return Unclear(reason="M-Pesa says it is paid, and names no receipt or amount.", rail_reference=named,
                           evidence=evidence)  # fmt: skip
        amount = Decimal(amount_in(parameters, "TransactionAmount"))
        return Paid(receipt=receipt, amount=amount, rail_reference=named, evidence=evidence)
    if code in RESULTS:
        return Refused(code=code, reason=RESULTS[code], rail_reference=named, evidence=evidence)
    return Unclear(reason=f"M-Pesa says {code or 'nothing'}: {told}"[:500], rail_reference=named, evidence=evidence)


def _of_status(reference: str, result: Mapping[str, Any], parameters: Mapping[str, Any], at: datetime) -> Notice:
    """Return what a question's answer says. That it was refused says nothing of the payment."""
    if _text(parameters, "OriginatorConversationID") not in ("", reference):
        raise NotProven(reason="it is about another payment than the address that it came to")
    evidence, status = _evidence(result, parameters), _text(parameters, "TransactionStatus")
    named = _name(parameters, "ConversationID")
    receipt = _name(parameters, "ReceiptNo")
    if _text(result, "ResultCode") != "0" or not status:
        return _notice(NO_STATUS, reference, at, {"reference": reference, **evidence})
    outcome: Outcome
    if status == COMPLETED and receipt and _has_amount(parameters, "Amount"):
        outcome = Paid(
            receipt=receipt, amount=Decimal(amount_in(parameters, "Amount")), rail_reference=named, evidence=evidence
        )
    elif status == COMPLETED:
        outcome = Unclear(reason="M-Pesa says it is paid, and names no receipt or amount.", evidence=evidence)
    elif status in ENDED:
        outcome = Refused(code=status.lower(), reason=f"M-Pesa says that it ended as {status.lower()}.",
                          rail_reference=named, evidence=evidence)  # fmt: skip
    else:
        return _notice(PENDING, reference, at, {"reference": reference, **evidence})
    return _of_outcome(reference, outcome, parameters, at)


def _of_outcome(reference: str, outcome: Outcome, parameters: Mapping[str, Any], at: datetime) -> Notice:
    kind = {Paid: CONFIRMED, Refused: REFUSED, Unclear: UNCLEAR}[type(outcome)]
    return _notice(kind, reference, _moment(parameters) or at, data_of(reference, outcome))


def _notice(kind: str, reference: str, at: datetime, data: Mapping[str, Any]) -> Notice:
    """Return a notice named by all that it says: told again it has the same name, and what says more has another.

    M-Pesa gives its notices no names. By the payment's name alone, a late success after a refusal would pass for the
    same one told again.
    """
    digest = hashlib.sha256(json.dumps([kind, data], sort_keys=True).encode()).hexdigest()
    return Notice(f"{reference}:{digest[:32]}", kind, at, data)


def _parameters(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result's parameters by their keys: they come in any order, a single one without a list, or not."""
    found = part_of(result, "ResultParameters", may_be_missing=True).get("ResultParameter")
    entries = [found] if isinstance(found, dict) else found or []
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise NotProven(reason="its ResultParameter is no list of keys and values")
    if len(entries) > _ENTRIES_AT_MOST:
        raise NotProven(reason=f"it has more than {_ENTRIES_AT_MOST} parameters")
    keys = [_text(each, "Key") for each in entries]
    if len(set(keys)) != len(keys):
        raise NotProven(reason="it has a key twice")
    return {key: each.get("Value") for key, each in zip(keys, entries, strict=True)}


def _evidence(result: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, str]:
    fields = {key: _text(result, key) for key in ("ResultCode", "ResultDesc", "TransactionID")}
    told = {key: _text(parameters, key) for key in parameters}
    return {key: value for key, value in {**told, **fields}.items() if value}


def _timeout(body: bytes) -> dict[str, str]:
    try:
        said = said_in(body)
    except NotProven:
        return {}
    inside = said.get("Result")
    return {key: value for key in ("ResultCode", "ResultDesc", "errorCode", "errorMessage")
            if (value := _text(inside if isinstance(inside, dict) else said, key))}  # fmt: skip


def _has_amount(said: Mapping[str, Any], field: str) -> bool:
    """Whether an amount stands there, in whichever form: one that can't be read must not make the receipt unheard."""
    try:
        return bool(amount_in(said, field))
    except NotProven:
        return False


def _name(said: Mapping[str, Any], field: str) -> str:
    value = _text(said, field)
    return value if NAME.fullmatch(value) else ""


def _text(said: Mapping[str, Any], field: str) -> str:
    """Return a text or a number as text: M-Pesa writes the same field now so, now so."""
    value = said.get(field)
    return str(value)[:200] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _moment(parameters: Mapping[str, Any]) -> datetime | None:
    """Return when it was done, as clocks in Kenya show it."""
    text = _text(parameters, "TransactionCompletedDateTime") or _text(parameters, "FinalisedTime")
    for shape in _TIMES:
        try:
            return datetime.strptime(text, shape).replace(tzinfo=_EAST_AFRICA).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None
