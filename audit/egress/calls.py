"""Make a call to the outside, within limits, and say in one line how it went."""

import json
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from typing import Any, Final

import structlog
from django.conf import settings
from urllib3.exceptions import HTTPError

from audit.context import correlation_id, new_correlation_id
from audit.egress.addresses import is_private, is_public
from audit.egress.connections import CallFailed, Deadline, NoAnswer, Resolve, connect, system_resolve
from audit.egress.targets import Target, next_url, read_target
from audit.errors import (
    AnswerTooLarge,
    DomainError,
    HeaderUnusable,
    HostNotAllowed,
    NotEncrypted,
    NotPublic,
    TooManyRedirects,
)

log = structlog.get_logger("egress")

_BLOCK: Final = 16_384
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_HEADER: Final = re.compile(r"[a-z0-9-]+")
_REPEATABLE: Final = frozenset({"GET", "HEAD"})
# Ours to write; and what another host may be told after a redirect.
_OURS: Final = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding"})
_FOR_STRANGERS: Final = frozenset({"accept", "accept-language"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far a call may go."""

    seconds: int = 10  # for everything together, redirects included
    body_bytes: int = 1_048_576  # of the answer, unpacked
    redirects: int = 0  # followed for GET and HEAD alone
    hosts: frozenset[str] | None = None  # no others, such as those of a rail


DEFAULT_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back; whether its status is a success is the caller's to judge."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str  # which answered in the end

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Return the body as JSON.

        :raises ValueError: if it is none.
        """
        return json.loads(self.body)


@cache
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()


@dataclass(frozen=True, slots=True, kw_only=True)
class Egress:
    """The way out, as this house is configured."""

    private_hosts: frozenset[str] = frozenset()  # host or host:port; may be ours, and need not be encrypted
    resolve: Resolve = system_resolve
    tls: ssl.SSLContext | None = None

    def call(
        self,
        method: str,
        url: str,
        *,
        purpose: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Reply:
        """Call ``url`` and return what it answers, whatever the status.

        :param purpose: who calls and what for, as ``notifications.webhook``; it stands in the log.
        :raises DomainError: if the address may not be called, or the answer is too large.
        :raises CallFailed: if there is no answer in time.
        """
        given = {name.lower(): value for name, value in (headers or {}).items()}
        assert not _OURS & set(given), f"headers that are ours to write: {sorted(_OURS & set(given))}"
        for name, value in given.items():
            # Two lines in one would be another header, or another request.
            if not _HEADER.fullmatch(name) or not value.isprintable():
                raise HeaderUnusable(name=name)
        sent = {"user-agent": "Countinghouse", **given}
        sent["x-correlation-id"] = correlation_id() or new_correlation_id()
        first = read_target(url)
        with Deadline(limits.seconds) as deadline:
            for hops in range(limits.redirects + 1):
                target = read_target(url)
                # What configuration opens is open to us and not to whoever answers us.
                trusted = target.place == first.place and target.is_named_in(self.private_hosts)
                strangers = {name: value for name, value in sent.items() if name in _FOR_STRANGERS}
                told = sent if target.place == first.place else {**strangers, "user-agent": "Countinghouse"}
                reply = self._hop(method, target, told, body, limits, deadline, purpose=purpose, trusted=trusted)
                location = reply.headers.get("location")
                if reply.status not in _REDIRECTS or not location or method not in _REPEATABLE or not limits.redirects:
                    return Reply(status=reply.status, headers=reply.headers, body=reply.body, url=url)
                if hops < limits.redirects:
                    url = next_url(url, location)
        raise TooManyRedirects(host=first.host, allowed=limits.redirects)

    def _hop(
        self, method: str, target: Target, headers: Mapping[str, str], body: bytes | None, limits: Limits,
        deadline: Deadline, *, purpose: str, trusted: bool,
    ) -> Reply:  # fmt: skip
        began = time.monotonic()
        # No path and no query: tokens stand in them.
        line = log.bind(purpose=purpose, method=method, scheme=target.scheme, host=target.host, port=target.port)
        outcome: dict[str, Any] = {"outcome": "bug"}
        try:
            addresses = self._addresses(target, limits, deadline, trusted=trusted)
            reply = self._ask(method, target, addresses, headers, body, limits, deadline)
            outcome = {"outcome": "answered", "status": reply.status, "bytes": len(reply.body)}
            return reply
        except DomainError as refusal:
            outcome = {"outcome": "refused", "code": refusal.code}
            raise
        except CallFailed as failed:
            outcome = {"outcome": failed.reason, "why": str(failed)}
            raise
        finally:
            line.info("egress.call", **outcome, milliseconds=round(1000 * (time.monotonic() - began)))

    def _addresses(self, target: Target, limits: Limits, deadline: Deadline, *, trusted: bool) -> list[str]:
        """Return the addresses of the host, all of which were looked at.

        :raises NotPublic: if any of them is not on the public internet: a name with one of each would be tried until
            it leads where it should not.
        """
        if limits.hosts is not None and not target.is_named_in(limits.hosts):
            raise HostNotAllowed(host=target.host)
        if target.scheme != "https" and not trusted:
            raise NotEncrypted(host=target.host)
        addresses = list(deadline.resolve(self.resolve, target.host, target.port))
        if not all(is_public(each) or (trusted and is_private(each)) for each in addresses):
            raise NotPublic(host=target.host)
        return addresses

    def _ask(
        self, method: str, target: Target, addresses: list[str], headers: Mapping[str, str], body: bytes | None,
        limits: Limits, deadline: Deadline,
    ) -> Reply:  # fmt: skip
        connection = connect(target, addresses, deadline=deadline, tls=self.tls or _trusted())
        try:
            own = {"host": target.host_header, "accept-encoding": "gzip", "connection": "close"}
            connection.request(method, target.path, body=body, headers={**headers, **own}, preload_content=False)
            # What is left of it unread would keep the connection open.
            with connection.getresponse() as answer:
                length = answer.headers.get("content-length", "")
                if length.isdecimal() and int(length) > limits.body_bytes and method != "HEAD":
                    raise AnswerTooLarge(host=target.host, allowed=limits.body_bytes)
                received = bytearray()
                for block in answer.stream(_BLOCK, decode_content=True):
                    received += block
                    deadline.check()
                    if len(received) > limits.body_bytes:
                        raise AnswerTooLarge(host=target.host, allowed=limits.body_bytes)
            deadline.check()
            named = {name.lower(): value for name, value in answer.headers.items()}
            return Reply(status=answer.status, headers=named, body=bytes(received), url="")
        except (OSError, HTTPError, HTTPException, ValueError) as broken:
            deadline.check()
            raise NoAnswer(f"the answer broke off, or is no HTTP: {type(broken).__name__}") from broken
        finally:
            connection.close()


def call(
    method: str,
    url: str,
    *,
    purpose: str,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Reply:
    """Call ``url`` as this house is configured; see ``Egress.call``."""
    way_out = Egress(private_hosts=settings.EGRESS_PRIVATE_HOSTS)
    return way_out.call(method, url, purpose=purpose, headers=headers, body=body, limits=limits)
