"""How Daraja is called: a token that is kept while it lasts, and JSON both ways."""

import hashlib
import json
import threading
import time
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings

from audit.egress import CallFailed, Limits, Reply, call
from audit.errors import DomainError
from wallets.errors import NotProven
from wallets.rails import RailError
from wallets.rails.reading import said_in

LIMITS: Final = Limits(seconds=25, body_bytes=65_536)

_PURPOSE: Final = "wallets.rails.mpesa"
_TOKEN_PATH: Final = "/oauth/v1/generate?grant_type=client_credentials"  # noqa: S105  (where one is fetched)
_MARGIN_SECONDS: Final = 60
_LONGEST_SECONDS: Final = 86_400

_tokens: dict[str, tuple[str, float]] = {}  # by app, with the moment of the clock until which they are used
_lock: Final = threading.Lock()


def token_for(secrets: Mapping[str, str], *, other_than: str = "") -> str:
    """Return a token of the account's app, from before unless it is over or is the one that isn't taken any more.

    :raises RailError: if there is none to be had.
    """
    app = _app(secrets)
    with _lock:  # of eight that find none one fetches it
        token, until = _tokens.get(app, ("", 0.0))
        if token and token != other_than and time.monotonic() < until:
            return token
        token, seconds = _fetch(secrets)
        _tokens[app] = (token, time.monotonic() + max(0, min(seconds, _LONGEST_SECONDS) - _MARGIN_SECONDS))
        return token


def post(path: str, said: Mapping[str, Any], secrets: Mapping[str, str]) -> Reply:
    """Send something under a token. One that isn't taken is fetched anew, once: who asks for it has done nothing.

    :raises RailError: if there is no token; then nobody has heard of what was to be said.
    :raises CallFailed: if there is no answer.
    :raises DomainError: if M-Pesa may not be called, or its answer is too large.
    """
    token = token_for(secrets)
    reply = _send(path, said, token)
    if reply.status == 401:
        reply = _send(path, said, token_for(secrets, other_than=token))
    return reply


def object_in(reply: Reply) -> dict[str, Any]:
    """Return the JSON object that was answered; an empty one where it was none."""
    try:
        return said_in(reply.body)
    except NotProven:
        return {}


def text_in(said: Mapping[str, Any], field: str) -> str:
    """Return a short text or number that stands there, as text."""
    value = said.get(field)
    return str(value)[:300] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _send(path: str, said: Mapping[str, Any], token: str) -> Reply:
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json", "accept": "application/json"}
    url = f"{settings.MPESA_URL}{path}"
    return call("POST", url, purpose=_PURPOSE, headers=headers, body=json.dumps(said).encode(), limits=LIMITS)


def _fetch(secrets: Mapping[str, str]) -> tuple[str, int]:
    pair = f"{secrets['consumer_key']}:{secrets['consumer_secret']}"
    headers = {"authorization": f"Basic {b64encode(pair.encode()).decode()}", "accept": "application/json"}
    try:
        reply = call("GET", f"{settings.MPESA_URL}{_TOKEN_PATH}", purpose=_PURPOSE, headers=headers, limits=LIMITS)
    except CallFailed as failed:
        raise RailError(f"M-Pesa does not answer: {failed}") from failed
    except DomainError as refusal:
        raise RailError(f"M-Pesa can't be called: {refusal}", is_permanent=True) from refusal
    said = object_in(reply)
    token, seconds = text_in(said, "access_token"), text_in(said, "expires_in")
    if not reply.is_success or not token or not token.isascii() or not token.isprintable():
        wrong_key = reply.status in (400, 401, 403)
        why = "M-Pesa does not take the consumer key" if wrong_key else "M-Pesa gives no token"
        raise RailError(f"{why} (status {reply.status}).", is_permanent=wrong_key)
    return token, int(seconds) if seconds.isdecimal() and len(seconds) < 9 else 0


def _app(secrets: Mapping[str, str]) -> str:
    pair = "\0".join((settings.MPESA_URL, secrets["consumer_key"], secrets["consumer_secret"]))
    return hashlib.sha256(pair.encode()).hexdigest()
