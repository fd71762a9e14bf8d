"""What every simulator is made of that is called: a server on this machine, and how it calls back."""

import heapq
import json
import socket
import struct
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from config.simulators.frame import CannotSimulate, Delivery, send

_CALLBACKS_AT_ONCE: Final = 16
_LONGEST_REQUEST: Final = 65_536
_REQUEST_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked; headers by their names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON, or None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered; or that the connection is cut instead."""

    said: Any = field(default_factory=dict)
    status: int = 200
    seconds: float = 0  # to wait before
    is_cut: bool = False


class Server(ABC):
    """A rail that is called over HTTP, here and by this machine alone."""

    rail: ClassVar[str]
    label: ClassVar[str]
    variable: ClassVar[str]  # of the environment, that says where the house calls it
    port: ClassVar[int]  # where it listens unless told otherwise
    scenarios: ClassVar[Mapping[str, str]]

    def __init__(self, port: int) -> None:
        if not 0 <= port <= 65_535:
            raise CannotSimulate("A port is a number up to 65535.")
        self.untold: list[str] = []  # what could not be told, and why
        self.open = 0  # what is still to be told
        self._over = threading.Event()
        self._callers = ThreadPoolExecutor(_CALLBACKS_AT_ONCE, thread_name_prefix=self.rail)
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._changed = threading.Condition()
        self._numbers = count()
        try:
            self._server = _Listener(("127.0.0.1", port), _handler(self))
        except OSError as taken:
            raise CannotSimulate(f"Port {port} can't be listened at: {taken.strerror}. Choose another.") from taken

    @property
    def url(self) -> str:
        """Where it is called."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def serve(self) -> None:
        """Answer until it is closed."""
        threading.Thread(target=self._keep_time, daemon=True).start()
        self._server.serve_forever(poll_interval=0.05)

    def close(self) -> None:
        """Answer and tell nothing more; what was not told yet is not told."""
        self._over.set()
        with self._changed:
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()
        self._callers.shutdown(wait=True, cancel_futures=True)

    @abstractmethod
    def answer(self, call: Call) -> Reply:
        """Answer a call."""

    def tell(self, to: str, said: Any, *, seconds: float) -> None:
        """Call back after a while."""
        self.later(seconds, lambda: self.tell_now(to, said))

    def tell_now(self, to: str, said: Any) -> None:
        """Call back, once; whether anybody listens is the house's affair."""
        body = json.dumps(said).encode()
        try:
            for answer in send([Delivery(self.rail, body, {"Content-Type": "application/json"})], to=to):
                if answer.status != 200:
                    self.untold.append(f"status {answer.status}")
        except CannotSimulate as nobody:
            self.untold.append(str(nobody))

    def later(self, seconds: float, do: Callable[[], None]) -> None:
        """Do something after a while, if it is not closed meanwhile."""
        with self._changed:
            self.open += 1
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._numbers), do))
            self._changed.notify_all()

    def _keep_time(self) -> None:
        """Hand over what is due; a thread that slept for each would let few be told at once."""
        with self._changed:
            while not self._over.is_set():
                left = self._due[0][0] - time.monotonic() if self._due else None
                if left is None or left > 0:
                    self._changed.wait(left)
                else:
                    self._callers.submit(self._do, heapq.heappop(self._due)[2])

    def _do(self, do: Callable[[], None]) -> None:
        try:
            do()
        finally:
            with self._changed:
                self.open -= 1

    def wait(self, seconds: float) -> None:
        """Wait, but for nothing once it is closed."""
        self._over.wait(seconds)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: who asks may hang up."""


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _REQUEST_SECONDS

        def _answer(self) -> None:
            length = self.headers.get("content-length", "0")
            if not length.isdecimal() or int(length) > _LONGEST_REQUEST:
                self.send_error(413)
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(length))
            reply = server.answer(Call(self.command, urlsplit(self.path).path, headers, body))
            server.wait(reply.seconds)
            if reply.is_cut:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                return
            written = json.dumps(reply.said).encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(written)))
            self.end_headers()
            self.wfile.write(written)

        do_GET = do_POST = _answer  # noqa: N815  (the library's names)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the library's name)
            """Write nothing: what is asked holds tokens."""

    return Handler
