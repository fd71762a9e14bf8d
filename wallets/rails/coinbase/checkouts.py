"""Business Checkouts, the younger API: a flat body, sent and signed by Hook0.

``X-Hook0-Signature: t=1728394718,h=content-type x-event-id x-event-type,v1=HEX``, where HEX is the HMAC-SHA256 of the
time, the headers' names as they stand there, their values, and the body, with a full stop between each. Several values
have a full stop between them too: so it is in Coinbase's own example (``headerNameList.map(...).join('.')``) and in
Hook0's clients (``string.Join(MessageSeparator, coveredValues)`` in the one for .NET). Beside it may stand a ``v0``, of
the time and the body alone. Nobody looks at it: who takes the weaker of two proofs lets others choose it.

Values may have full stops in them, too. So that nobody can move what is signed from one into another: no value has a
brace, with which the body begins; the event's type among them is the body's; and the event's id has no full stop.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from wallets.errors import NotProven
from wallets.rails import Notice, Received
from wallets.rails.reading import amount_in, moment_in, name_in, optional_name_in, part_of, parts_of, said_in, sum_in

HEADER: Final = "x-hook0-signature"
TOLERANCE: Final = timedelta(minutes=5)
EVENT_ID: Final = "x-event-id"
EVENT_TYPE: Final = "x-event-type"

_SHAPES: Final = {
    "t": re.compile(r"[0-9]{9,12}"),
    "h": re.compile(r"[A-Za-z0-9-]{1,60}( [A-Za-z0-9-]{1,60}){0,19}"),
    "v1": re.compile(r"[0-9a-f]{64}"),
}
_ID: Final = re.compile(r"[A-Za-z0-9_:-]{1,120}")
_KINDS: Final = {
    "checkout.payment.success": "charge.confirmed",
    "checkout.payment.failed": "charge.failed",
    "checkout.payment.expired": "charge.failed",
    "checkout.refund.success": "refund.confirmed",
    "checkout.refund.failed": "refund.failed",
}
_PAID: Final = frozenset({"COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"})
_REFUNDS: Final = {"checkout.refund.success": "COMPLETED", "checkout.refund.failed": "FAILED"}


def signature(secret: str, body: bytes, *, headers: Mapping[str, str], at: datetime) -> str:
    """Return the header's value for ``body`` and ``headers``, as Hook0 makes it."""
    seconds, names = str(int(at.timestamp())), sorted(headers)
    return f"t={seconds},h={' '.join(names)},v1={_mac(secret, seconds, names, [headers[name] for name in names], body)}"


def read(received: Received, secrets: tuple[str, ...]) -> Notice:
    """Return what the notice says.

    :raises NotProven: if its signature is old or another's, or it can't be read.
    """
    seconds, names, given = _parts(received.headers[HEADER])
    if abs(received.at.timestamp() - int(seconds)) > TOLERANCE.total_seconds():
        raise NotProven(reason="the signature is too old, or from the future")
    signed = {name.lower(): _value(received, name.lower()) for name in names}
    values = [signed[name.lower()] for name in names]
    wanted = (_mac(secret, seconds, names, values, received.body) for secret in secrets)
    if not any(hmac.compare_digest(each, given) for each in wanted):
        raise NotProven(reason="the signature is not this account's")

    said = said_in(received.body)
    told = name_in(said, "eventType")
    if signed.get(EVENT_TYPE, told) != told:
        raise NotProven(reason="its type is not the one in X-Event-Type")
    named = _event_id(signed, said, told)
    at = moment_in(said, "updatedAt") if _has(said, "updatedAt") else datetime.fromtimestamp(int(seconds), UTC)
    if told not in _KINDS:
        return Notice(named, f"coinbase:{told}"[:120], at, {"api": "checkouts", "type": told})
    return Notice(named, _KINDS[told], at, _data(said, told))


def _parts(header: str) -> tuple[str, list[str], str]:
    parts = [part.strip().partition("=") for part in header.split(",", 20)]
    found = []
    for wanted, shape in _SHAPES.items():
        values = [value for name, _, value in parts if name == wanted]
        if len(values) != 1 or not shape.fullmatch(values[0]):
            raise NotProven(reason="there is no signature t=…,h=…,v1=… in X-Hook0-Signature")
        found.append(values[0])
    return found[0], found[1].split(" "), found[2]


def _value(received: Received, name: str) -> str:
    if name not in received.headers:
        raise NotProven(reason=f"it signs the header {name}, which has not come, or is one that isn't kept")
    value = received.headers[name]
    if not value.isascii() or "{" in value:
        raise NotProven(reason=f"the header {name} holds what a signed one can't")
    return value


def _mac(secret: str, seconds: str, names: Sequence[str], values: Sequence[str], body: bytes) -> str:
    head = ".".join((seconds, " ".join(names), *values, ""))
    return hmac.new(secret.encode(), head.encode() + body, "sha256").hexdigest()


def _event_id(signed: Mapping[str, str], said: Mapping[str, Any], told: str) -> str:
    """Return what the event is called: as it is signed, or by what it is about, which for refunds needs theirs."""
    if EVENT_ID in signed:
        named = signed[EVENT_ID]
    else:
        refund = optional_name_in(_refund(said, told), "id") if told in _REFUNDS else None
        named = ":".join(part for part in (name_in(said, "id"), told.replace(".", "_"), refund) if part)
    if not _ID.fullmatch(named):
        raise NotProven(reason="its id is none of at most 120 letters, digits and _ : -")
    return named


def _data(said: Mapping[str, Any], told: str) -> dict[str, Any]:
    settlement = part_of(said, "settlement", may_be_missing=True)
    is_in_fiat = _has(said, "fiatAmount")
    return {
        "charge": name_in(said, "id"),
        "charge_id": name_in(said, "id"),
        "status": name_in(said, "status"),
        "context": None,
        "asked": sum_in(said, "fiatAmount", "fiatCurrency") if is_in_fiat else sum_in(said),
        "paid": _paid(said, settlement) if _is_paid(said, told) else [],
        "fee": sum_in(settlement, "feeAmount") if _has(settlement, "feeAmount") else None,
        "refunded": _refunded(said, told) if told in _REFUNDS else None,
        "metadata": part_of(said, "metadata", may_be_missing=True),
        "api": "checkouts",
    }


def _is_paid(said: Mapping[str, Any], told: str) -> bool:
    # Both have to say so: a success that is still being processed has paid nothing yet.
    return (told == "checkout.payment.success" or told in _REFUNDS) and name_in(said, "status") in _PAID


def _paid(said: Mapping[str, Any], settlement: Mapping[str, Any]) -> list[dict[str, Any]]:
    amount = sum_in(settlement, "totalAmount") if _has(settlement, "totalAmount") else sum_in(said)
    network, tx_hash = optional_name_in(said, "network"), optional_name_in(said, "transactionHash")
    return [{**amount, "network": network, "tx_hash": tx_hash, "log_index": None}]


def _refund(said: Mapping[str, Any], told: str) -> dict[str, Any]:
    """Return the youngest refund that it can be about; they are all sent along."""
    refunds = [refund for refund in parts_of(said, "refunds") if refund.get("status") == _REFUNDS[told]]
    return max(refunds, key=_when, default={})


def _when(refund: Mapping[str, Any]) -> datetime:
    return moment_in(refund, "completedAt" if _has(refund, "completedAt") else "createdAt")


def _refunded(said: Mapping[str, Any], told: str) -> dict[str, Any]:
    refund = _refund(said, told)
    if not refund and (told == "checkout.refund.failed" or not _has(said, "refundedAmount")):
        raise NotProven(reason="it doesn't say which refund it is about")
    total = amount_in(said, "refundedAmount") if _has(said, "refundedAmount") else None
    one = sum_in(refund) if refund else {"amount": total, "currency": name_in(said, "currency")}
    return {
        **one,
        "total": total,
        "refund_id": optional_name_in(refund, "id"),
        "tx_hash": optional_name_in(refund, "transactionHash"),
    }


def _has(said: Mapping[str, Any], field: str) -> bool:
    """Whether something stands there: fields that have nothing to say are left out, or null."""
    return said.get(field) is not None
