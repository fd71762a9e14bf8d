"""Signed notices: the rail of whoever has none that the house speaks, a bank's bridge or a provider of one's own.

A notice is a JSON object sent with a header ``X-Signature: t=1767225600,v1=HEX``; HEX is the HMAC-SHA256, under the
account's secret, of the time, a full stop and the body as it is sent. More than one ``v1`` may be given while a secret
is being changed. A signature that is older than five minutes when it arrives proves nothing any more.
"""

import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from wallets.errors import BadRailAccount, NotProven
from wallets.rails import Credential, Notice, Rail, Received
from wallets.rails.reading import check_number, moment_in, name_in, part_of, said_in

HEADER: Final = "x-signature"
TOLERANCE: Final = timedelta(minutes=5)
SHORTEST_SECRET: Final = 24

_TIME: Final = re.compile(r"[0-9]{9,12}")
_SIGNATURES_AT_MOST: Final = 5


def signature(secret: str, body: bytes, *, at: datetime) -> str:
    """Return the header's value for ``body``, as its sender makes it."""
    seconds = str(int(at.timestamp()))
    return f"t={seconds},v1={_mac(secret, seconds, body)}"


def read(received: Received, secrets: Mapping[str, str]) -> Notice:
    """Return what the notice says.

    :raises NotProven: if its signature is missing, old or another's, or it can't be read.
    """
    seconds, given = _parts(received.headers.get(HEADER, ""))
    if abs(received.at.timestamp() - int(seconds)) > TOLERANCE.total_seconds():
        raise NotProven(reason="the signature is too old, or from the future")
    wanted = _mac(secrets["secret"], seconds, received.body)
    if not any(hmac.compare_digest(wanted, each) for each in given):
        raise NotProven(reason="the signature is not this account's")
    return _notice(received.body)


def _parts(header: str) -> tuple[str, list[str]]:
    parts = [part.strip().partition("=") for part in header.split(",")] if len(header) <= 1_000 else []
    times = [value for name, _, value in parts if name == "t" and _TIME.fullmatch(value)]
    given = [value for name, _, value in parts if name == "v1" and value.isascii()]
    if len(times) != 1 or not 0 < len(given) <= _SIGNATURES_AT_MOST:
        raise NotProven(reason="there is no signature t=…,v1=… in X-Signature")
    return times[0], given


def _mac(secret: str, seconds: str, body: bytes) -> str:
    return hmac.new(secret.encode(), seconds.encode() + b"." + body, "sha256").hexdigest()


def _notice(body: bytes) -> Notice:
    said = said_in(body)
    return Notice(name_in(said, "id"), name_in(said, "type"), moment_in(said, "occurred_at"), part_of(said, "data"))


def check_secret(secret: str) -> str:
    """Return the secret, if it is one that nobody guesses.

    :raises BadRailAccount: if it is too short or too long, or holds what can't be typed.
    """
    if not (SHORTEST_SECRET <= len(secret) <= 200 and secret.isascii() and secret.isprintable()):
        raise BadRailAccount(reason=f"the secret needs {SHORTEST_SECRET} to 200 printable ASCII characters")
    return secret


SIGNED: Final = Rail(
    name="signed",
    label="Signed notices",
    hook_code="s",
    credentials=(Credential("secret", "what notices are signed with", check_secret),),
    number_is="what the sender calls the account",
    check_number=check_number,
    read=read,
)
