"""Signed notices: the rail of whoever has none that the house speaks, a bank's bridge or a provider of one's own.

A notice is a JSON object sent with a header ``X-Signature: t=1767225600,v1=HEX``; HEX is the HMAC-SHA256, under the
account's secret, of the time, a full stop and the body as it is sent. More than one ``v1`` may be given while a secret
is being changed. A signature that is older than five minutes when it arrives proves nothing any more.
"""

import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from wallets.errors import BadRailAccount, NotProven
from wallets.rails import Credential, Notice, Rail, Received

HEADER: Final = "x-signature"
TOLERANCE: Final = timedelta(minutes=5)
SHORTEST_SECRET: Final = 24

_TIME: Final = re.compile(r"[0-9]{9,12}")
_NAME: Final = re.compile(r"[A-Za-z0-9._:-]{1,120}")
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
    try:
        said: Any = json.loads(body, parse_float=str, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise NotProven(reason="the body is no JSON") from None
    if not isinstance(said, dict):
        raise NotProven(reason="the body is no JSON object")
    if not _is_storable(said):
        raise NotProven(reason="the body holds characters that are none")
    if not isinstance(said.get("data"), dict):
        raise NotProven(reason="its data is no JSON object")
    return Notice(_name(said, "id"), _name(said, "type"), _moment(said.get("occurred_at")), said["data"])


def _name(said: Mapping[str, Any], field: str) -> str:
    value = said.get(field)
    if not (isinstance(value, str) and _NAME.fullmatch(value)):
        raise NotProven(reason=f"its {field} is no name of at most 120 letters, digits and . _ : -")
    return value


def _is_storable(said: Any) -> bool:
    """Whether the database takes it: no null characters, and no halves of characters."""
    try:
        return "\\u0000" not in json.dumps(said) and bool(json.dumps(said, ensure_ascii=False).encode())
    except (UnicodeEncodeError, RecursionError):
        return False


def _moment(said: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(said)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise NotProven(reason="its occurred_at is no time with an offset")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise NotProven(reason="its occurred_at is no time with an offset") from None


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def check_secret(secret: str) -> str:
    """Return the secret, if it is one that nobody guesses.

    :raises BadRailAccount: if it is too short or too long, or holds what can't be typed.
    """
    if not (SHORTEST_SECRET <= len(secret) <= 200 and secret.isascii() and secret.isprintable()):
        raise BadRailAccount(reason=f"the secret needs {SHORTEST_SECRET} to 200 printable ASCII characters")
    return secret


def check_number(number: str) -> str:
    """Return the name that the sender has for the account.

    :raises BadRailAccount: if it is none.
    """
    if not _NAME.fullmatch(number):
        raise BadRailAccount(reason="the number needs 1 to 120 letters, digits and . _ : -")
    return number


SIGNED: Final = Rail(
    name="signed",
    label="Signed notices",
    hook_code="s",
    credentials=(Credential("secret", "what notices are signed with", check_secret),),
    number_is="what the sender calls the account",
    check_number=check_number,
    read=read,
)
