"""A node that stands before the chain, and fails or lies as it is told to."""

import json
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.evm.chain import Chain

Answer = Callable[[BaseHTTPRequestHandler, bytes], None]


class Relay:
    """Passes questions on to the chain. ``instead`` answers them itself; ``lies`` change the answers to a method."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.instead: Answer | None = None
        self.lies: dict[str, Callable[[Any], Any]] = {}
        relay = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # the library's name
                body = self.rfile.read(int(self.headers["content-length"]))
                (relay.instead or relay.pass_on)(self, body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]  # the house hangs up on it
        self.place = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def pass_on(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        node = HTTPConnection("127.0.0.1", self.chain.port, timeout=20)
        try:
            node.request("POST", "/", body, {"content-type": "application/json"})
            said = json.load(node.getresponse())
        finally:
            node.close()
        methods = {each["id"]: each["method"] for each in json.loads(body)}
        for answer in said:
            lie = self.lies.get(methods[answer["id"]])
            if lie is not None:
                answer["result"] = lie(answer["result"])
        # In any order is allowed.
        answering(json.dumps(said[::-1]).encode())(handler, body)


def answering(said: bytes, *, status: int = 200, **headers: str) -> Answer:
    """Return how a node answers everything with this."""

    def answer(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        handler.send_response(status)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in {"Content-Length": str(len(said)), **named}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(said)

    return answer


@pytest.fixture
def relay(chain: Chain, settings: Any) -> Iterator[Relay]:
    """The only node that the house may ask."""
    made = Relay(chain)
    settings.RPC_NODES = {chain.chain_id: f"http://{made.place}/key"}
    settings.EGRESS_PRIVATE_HOSTS = frozenset({made.place})
    yield made
    made.server.shutdown()
    made.server.server_close()
