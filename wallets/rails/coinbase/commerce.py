"""Commerce, the older API: an envelope around an event, signed with one HMAC over the body.

The envelope is another one each time it is sent (its ``id`` has been the number of the attempt, and a UUID); only the
event in it has a name that lasts. There is no time in the signature: what is sent again is known by that name alone.
"""

import hmac
import re
from collections.abc import Mapping
from typing import Any, Final

from wallets.errors import NotProven
from wallets.rails import Notice, Received
from wallets.rails.reading import moment_in, name_in, optional_name_in, part_of, parts_of, said_in, sum_in

HEADER: Final = "x-cc-webhook-signature"

_HEX: Final = re.compile(r"[0-9a-f]{64}")
_KINDS: Final = {
    f"charge:{what}": f"charge.{what}"
    for what in ("created", "pending", "confirmed", "failed", "delayed", "resolved")
}  # fmt: skip


def signature(secret: str, body: bytes) -> str:
    """Return the header's value for ``body``, as Commerce makes it."""
    return hmac.new(secret.encode(), body, "sha256").hexdigest()


def read(received: Received, secrets: tuple[str, ...]) -> Notice:
    """Return what the notice says.

    :raises NotProven: if its signature is another's, or it can't be read.
    """
    given = received.headers[HEADER]
    if not _HEX.fullmatch(given):
        raise NotProven(reason="there is no signature of 64 hexadecimal digits in X-CC-Webhook-Signature")
    if not any(hmac.compare_digest(signature(secret, received.body), given) for secret in secrets):
        raise NotProven(reason="the signature is not this account's")
    event = part_of(said_in(received.body), "event")
    told, named, at = name_in(event, "type"), name_in(event, "id"), moment_in(event, "created_at")
    if told not in _KINDS:
        return Notice(named, f"coinbase:{told}"[:120], at, {"api": "commerce", "type": told})
    return Notice(named, _KINDS[told], at, _data(part_of(event, "data")))


def _data(charge: Mapping[str, Any]) -> dict[str, Any]:
    timeline = parts_of(charge, "timeline")
    if not timeline:
        raise NotProven(reason="its timeline has no entry")
    pricing = part_of(charge, "pricing", may_be_missing=True)  # a donation has none
    return {
        "charge": name_in(charge, "code"),
        "charge_id": optional_name_in(charge, "id"),  # older ones have none
        "status": name_in(timeline[-1], "status"),
        "context": optional_name_in(timeline[-1], "context"),
        "asked": sum_in(part_of(pricing, "local")) if "local" in pricing else None,
        "paid": [_paid(payment) for payment in parts_of(charge, "payments") if _is_confirmed(payment)],
        "fee": None,
        "refunded": None,
        "metadata": part_of(charge, "metadata", may_be_missing=True),
        "api": "commerce",
    }


def _is_confirmed(payment: Mapping[str, Any]) -> bool:
    # Older ones write it in capitals.
    return name_in(payment, "status").lower() == "confirmed"


def _paid(payment: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **sum_in(part_of(part_of(payment, "value"), "crypto")),
        "network": name_in(payment, "network"),
        "tx_hash": name_in(payment, "transaction_id"),
        "log_index": None,
    }
