"""A connection to an address that was checked, cut when its time is up.

The name is resolved once, every address it has is looked at, and the connection goes to one of those: nothing resolves
it again, so it can't lead somewhere else in between. The name stays what the certificate is checked for.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from audit.egress.targets import Target

Resolve = Callable[[str, int], Sequence[str]]

CONNECT_SECONDS: Final = 5


class CallFailed(Exception):
    """Raised when the world outside fails: nobody is to blame for it here, and it may work later."""

    reason: str = "failed"


class NoAnswer(CallFailed):
    """Raised when there is no such host, nobody listens, the certificate is wrong, or the answer breaks off."""

    reason = "no_answer"


class NotReached(NoAnswer):
    """Raised when there is no connection: whatever was to be said, nobody has heard a word of it."""


class TooSlow(CallFailed):
    """Raised when the time for the whole call is up, however lively the other side still is."""

    reason = "too_slow"


def system_resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system, which also reads numbers in all their spellings."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Deadline:
    """The time a whole call has; what is open when it is over is cut.

    Time-outs of sockets begin anew with every byte, so a server that sends one now and then would be listened to for
    ever.
    """

    def __init__(self, seconds: int) -> None:
        self._until = time.monotonic() + seconds
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, at: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            for watched in self._open:
                watched.close()
            self._open.clear()

    @property
    def left_seconds(self) -> float:
        """What is left of it.

        :raises TooSlow: when nothing is.
        """
        left = self._until - time.monotonic()
        if left <= 0:
            raise TooSlow("the time is up")
        return left

    def check(self) -> None:
        """Refuse to go on when the time is up: a connection that was cut can look like one that ended."""
        _ = self.left_seconds

    def watch(self, opened: socket.socket) -> None:
        """Cut this connection when the time is up; a handle of our own, because TLS takes the first one over."""
        with self._lock:
            self._open.append(opened.dup())

    def resolve(self, resolve: Resolve, host: str, port: int) -> Sequence[str]:
        """Resolve a name; the system's own patience may be longer than ours.

        :raises NotReached: if there is no such host.
        """
        found: list[Sequence[str]] = []

        def ask() -> None:
            with suppress(OSError, UnicodeError):
                found.append(resolve(host, port))

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(self.left_seconds)
        self.check()
        if not found or not found[0]:
            raise NotReached("there is no such host")
        return found[0]

    def _cut(self) -> None:
        with self._lock:
            for watched in self._open:
                with suppress(OSError):
                    watched.shutdown(socket.SHUT_RDWR)


class _ToCheckedAddress:
    """Connects to the address that was checked, whatever the host's name says by now."""

    address: tuple[str, int]
    deadline: Deadline

    def _new_conn(self) -> socket.socket:
        seconds = min(CONNECT_SECONDS, self.deadline.left_seconds)
        opened = socket.create_connection(self.address, timeout=seconds)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.deadline.watch(opened)
        opened.settimeout(self.deadline.left_seconds)
        return opened


class _Plain(_ToCheckedAddress, HTTPConnection):
    pass


class _Encrypted(_ToCheckedAddress, HTTPSConnection):
    pass


def connect(target: Target, addresses: Sequence[str], *, deadline: Deadline, tls: ssl.SSLContext) -> HTTPConnection:
    """Return a connection to the first of the addresses that takes one.

    :raises NotReached: if none does.
    """
    problem: Exception | None = None
    for address in addresses:
        how: dict[str, Any] = {"ssl_context": tls} if target.scheme == "https" else {}
        made = (_Encrypted if target.scheme == "https" else _Plain)(target.host, target.port, **how)
        made.address, made.deadline = (address, target.port), deadline
        try:
            made.connect()
        except (OSError, HTTPError) as failed:  # a wrong certificate is an OSError, too
            made.close()
            problem = failed
            deadline.check()
        else:
            return made
    raise NotReached(f"no connection: {type(problem).__name__}") from problem
