"""Providers that are called under a token: it is bought with an app's key and secret, and kept while it lasts."""

import hashlib
import json
import re
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from audit.egress import CallFailed, Limits, NotReached, Reply, call
from audit.errors import AnswerTooLarge, DomainError
from wallets.errors import BadRailAccount, NotProven
from wallets.rails import RailError
from wallets.rails.reading import said_in
from wallets.rails.sending import Refused, Unclear

_KEY: Final = re.compile(r"[!-9;-~]{8,200}")  # no colon: it divides key and secret where they are sent
_MARGIN_SECONDS: Final = 60
_LONGEST_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """How a provider is asked for a token, beside the key and secret."""

    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Provider:
    """Somebody's API, called with JSON or nothing, and answering with JSON."""

    def __init__(self, *, called: str, purpose: str, url: Callable[[], str], token: TokenRequest) -> None:
        self.limits = Limits(seconds=25, body_bytes=65_536)
        self._called, self._purpose, self._url, self._token = called, purpose, url, token
        # By app, with the moment of the clock until which they are used.
        self._tokens: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def require_token(self, secrets: Mapping[str, str]) -> None:
        """Find out whether it lets us in.

        :raises RailError: if it does not.
        """
        self._token_for(secrets)

    def submit(self, path: str, said: Mapping[str, Any], secrets: Mapping[str, str]) -> Reply | Refused | Unclear:
        """Send something that moves money. Only what has surely not been heard is refused."""
        try:
            return self._call("POST", path, said, secrets)
        except (NotReached, RailError) as away:
            return Refused(code="not_reached", reason=f"{self._called} was not reached: {away}")
        except CallFailed as silent:
            return Unclear(reason=f"{self._called} did not answer: {silent}")
        except AnswerTooLarge:
            return Unclear(reason=f"{self._called}'s answer was too large to read.")
        except DomainError as refusal:
            return Refused(code="not_reached", reason=f"{self._called} can't be called: {refusal}")

    def ask(
        self, method: str, path: str, secrets: Mapping[str, str], *, said: Mapping[str, Any] | None = None
    ) -> Reply:
        """Ask something that moves nothing.

        :raises RailError: if there is no answer.
        """
        try:
            return self._call(method, path, said, secrets)
        except CallFailed as silent:
            raise RailError(f"{self._called} did not answer: {silent}") from silent
        except DomainError as refusal:
            raise RailError(f"{self._called} can't be asked: {refusal}", is_permanent=True) from refusal

    def forget(self) -> None:
        """Buy a token anew the next time."""
        with self._lock:
            self._tokens.clear()

    def _call(self, method: str, path: str, said: Mapping[str, Any] | None, secrets: Mapping[str, str]) -> Reply:
        """Call under a token. One that isn't taken is bought anew, once: who asks for it has done nothing."""
        token = self._token_for(secrets)
        reply = self._send(method, path, said, token)
        if reply.status == 401:
            reply = self._send(method, path, said, self._token_for(secrets, other_than=token))
        return reply

    def _send(self, method: str, path: str, said: Mapping[str, Any] | None, token: str) -> Reply:
        headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
        body = None
        if said is not None:
            headers["content-type"], body = "application/json", json.dumps(said).encode()
        url = f"{self._url()}{path}"
        return call(method, url, purpose=self._purpose, headers=headers, body=body, limits=self.limits)

    def _token_for(self, secrets: Mapping[str, str], *, other_than: str = "") -> str:
        """Return a token of the account's app, from before unless it is over or is the one that isn't taken any more.

        :raises RailError: if there is none to be had.
        """
        app = self._app(secrets)
        with self._lock:  # of eight that find none one buys it
            token, until = self._tokens.get(app, ("", 0.0))
            if token and token != other_than and time.monotonic() < until:
                return token
            token, seconds = self._buy(secrets)
            self._tokens[app] = (token, time.monotonic() + max(0, min(seconds, _LONGEST_SECONDS) - _MARGIN_SECONDS))
            return token

    def _buy(self, secrets: Mapping[str, str]) -> tuple[str, int]:
        pair = f"{secrets['consumer_key']}:{secrets['consumer_secret']}"
        headers = {
            "authorization": f"Basic {b64encode(pair.encode()).decode()}", "accept": "application/json",
            **self._token.headers,
        }  # fmt: skip
        try:
            reply = call(
                self._token.method, f"{self._url()}{self._token.path}", purpose=self._purpose, headers=headers,
                body=self._token.body, limits=self.limits,
            )  # fmt: skip
        except CallFailed as failed:
            raise RailError(f"{self._called} does not answer: {failed}") from failed
        except DomainError as refusal:
            raise RailError(f"{self._called} can't be called: {refusal}", is_permanent=True) from refusal
        said = object_in(reply)
        token, seconds = text_in(said, "access_token"), text_in(said, "expires_in")
        if not reply.is_success or not token or not token.isascii() or not token.isprintable():
            wrong_key = reply.status in (400, 401, 403)
            why = f"{self._called} does not take the consumer key" if wrong_key else f"{self._called} gives no token"
            raise RailError(f"{why} (status {reply.status}).", is_permanent=wrong_key)
        return token, int(seconds) if seconds.isdecimal() and len(seconds) < 9 else 0

    def _app(self, secrets: Mapping[str, str]) -> str:
        pair = "\0".join((self._url(), secrets["consumer_key"], secrets["consumer_secret"]))
        return hashlib.sha256(pair.encode()).hexdigest()


def check_key(key: str) -> str:
    """Return a consumer key or secret.

    :raises BadRailAccount: if it can't be one.
    """
    if not _KEY.fullmatch(key):
        raise BadRailAccount(reason="consumer key and secret have 8 to 200 printable ASCII characters and no colon")
    return key


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
