"""What KCB's answers say. What is not understood says nothing: it is asked about, never sent again.

A transfer is answered as soon as it is taken; whether it has arrived is asked for. Failures of business come with
status 200 and a statusCode of 1, and say in words what was wrong. Newer answers have these fields at the top, older
ones under ``header``; both are read.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from audit.egress import Reply
from wallets.errors import NotProven
from wallets.rails import RailError
from wallets.rails.banks import place_of
from wallets.rails.bearer import object_in, text_in
from wallets.rails.reading import NAME, amount_in
from wallets.rails.sending import Accepted, Answer, Order, Paid, Refused, Unclear, Waiting

# Words that say that nothing has left, and how we call it.
REFUSALS: Final = (
    (re.compile(r"\binsufficient (funds|balance)\b"), "no_float", "There is not enough money in the account."),
    (
        re.compile(r"\b(credit|beneficiary) account (number )?(is invalid|does not exist|not found|is closed)\b"),
        "no_account",
        "The payee has no such account.",
    ),
    (re.compile(r"\bnot whitelisted\b"), "not_allowed", "The account may not be paid from by this app."),
    (re.compile(r"\b(is|are) (mandatory|required)\b"), "malformed", "KCB finds the request wrong."),
    (re.compile(r"\binvalid transaction type\b"), "malformed", "KCB finds the request wrong."),
    (re.compile(r"\blimit (is )?exceeded\b"), "limit", "It is more than KCB sends."),
)
# Whoever says one of these as well may have sent it before.
DOUBTS: Final = re.compile(r"duplicate|already|timed? ?out|pending|process(ed|ing)")
# The gateway in front asks who we are, and counts calls: what it turns away nobody behind it has heard of.
GATEWAY: Final = re.compile(r"900[89][0-9]{2}")
# What a transfer that is asked about has come to; anything else may still become one of these.
ARRIVED: Final = frozenset({"SUCCESS", "SUCCESSFUL", "COMPLETED"})
ENDED: Final = frozenset({"FAILED", "REJECTED", "DECLINED"})


def answer_of(reply: Reply, order: Order) -> Answer:
    """Return what the answer to a transfer says."""
    said = object_in(reply)
    told = _head_of(said)
    code, words = text_in(told, "statusCode"), _words_in(told)
    evidence = {"status": reply.status, "code": code, "message": words}
    fault = _fault_of(said)
    if GATEWAY.fullmatch(text_in(fault, "code")):
        code = text_in(fault, "code")
        return Refused(
            code=code, reason="KCB's gateway has turned it away.", evidence={"status": reply.status, "code": code}
        )
    places = (told, said, _body_of(said))
    named = _reference_in(*places)
    if not _is_of(order, *places):
        return Unclear(reason="KCB's answer is about another transfer.", evidence=evidence)
    if reply.is_success and code == "0":
        return Accepted(rail_reference=named)
    if reply.status in (200, 400) and code == "1" and not DOUBTS.search(words.lower()):
        for pattern, name, reason in REFUSALS:
            if pattern.search(words.lower()):
                return Refused(code=name, reason=reason, rail_reference=named, evidence=evidence)
    what = f"status {reply.status}, {code or 'no code'}" + (f", {words}" if words else "")
    return Unclear(
        reason=f"KCB's answer does not say whether it was sent: {what}"[:500], rail_reference=named, evidence=evidence
    )


def state_of(reply: Reply, order: Order) -> Answer | Waiting:
    """Return what the answer to a question says came of a transfer. That KCB knows nothing of it proves nothing.

    :raises RailError: if it does not say, or speaks of another.
    """
    said = object_in(reply)
    told, found = _head_of(said), _body_of(said)
    if not reply.is_success and reply.status != 404:
        raise RailError(f"KCB does not say: status {reply.status}")
    if text_in(told, "statusCode") == "1" or reply.status == 404:
        return Waiting(reason="KCB knows nothing of it.")
    if text_in(told, "statusCode") != "0" or text_in(found, "transactionReference") != order.reference:
        raise RailError("KCB's answer is not about this transfer")
    state, named = text_in(found, "transactionStatus").upper(), _reference_in(found)
    evidence = {key: value for key in found if (value := text_in(found, key))}
    if state in ENDED:
        return Refused(code=state.lower(), reason=f"KCB says that it ended as {state.lower()}.", rail_reference=named,
                       evidence=evidence)  # fmt: skip
    if state not in ARRIVED:
        return Waiting(reason=f"KCB says {state.lower() or 'nothing'}.")
    return _arrived(found, order, named, evidence)


def _arrived(found: Mapping[str, Any], order: Order, named: str, evidence: Mapping[str, str]) -> Paid | Unclear:
    receipt = text_in(found, "ftReference")
    try:
        amount = Decimal(amount_in(found, "debitAmount"))
    except NotProven:
        amount = None
    if not NAME.fullmatch(receipt) or amount is None:
        return Unclear(reason="KCB says it is paid, and names no receipt or amount.", rail_reference=named,
                       evidence=evidence)  # fmt: skip
    account, currency = text_in(found, "creditAccountNumber"), text_in(found, "currency")
    if account not in ("", place_of(order.destination).account) or currency not in ("", order.unit.code):
        return Unclear(reason="KCB says it is paid, to another account or in another currency.", rail_reference=named,
                       evidence=evidence)  # fmt: skip
    return Paid(receipt=receipt, amount=amount, rail_reference=named, evidence=evidence)


def _head_of(said: Mapping[str, Any]) -> Mapping[str, Any]:
    head = said.get("header")
    return head if isinstance(head, dict) else said


def _body_of(said: Mapping[str, Any]) -> Mapping[str, Any]:
    body = said.get("response")
    return body if isinstance(body, dict) else said


def _fault_of(said: Mapping[str, Any]) -> Mapping[str, Any]:
    fault = said.get("fault")
    return fault if isinstance(fault, dict) else {}


def _words_in(told: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (text_in(told, name) for name in ("statusMessage", "statusDescription"))))


def _reference_in(*places: Mapping[str, Any]) -> str:
    """Return how KCB calls it, if it says so in a form that we keep."""
    for place in places:
        for name in ("retrievalRefNumber", "merchantID"):
            if NAME.fullmatch(text_in(place, name)):
                return text_in(place, name)
    return ""


def _is_of(order: Order, *places: Mapping[str, Any]) -> bool:
    return all(text_in(place, "transactionReference") in ("", order.reference) for place in places)
