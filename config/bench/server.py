"""The production web server on the database of this process, and a process that sends it requests."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from config.environment import BASE_DIR

START_SECONDS_LIMIT: Final = 60
NEVER: Final = "100000/second"  # more than anybody asks: a throttle counts, and does not stop


@contextmanager
def serving(*, config: str = "config/processes/gunicorn.py", **variables: str) -> Iterator[int]:
    """Run gunicorn as `make run` does, and give its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    at = connection.settings_dict
    who = f"{quote(str(at['USER']))}:{quote(str(at['PASSWORD']))}"
    told = {
        "BIND": "127.0.0.1",
        "COUNTINGHOUSE_PROCESS": "web",
        "DATABASE_URL": f"postgresql://{who}@{quote(str(at['HOST']), safe='')}:{at['PORT']}/{at['NAME']}",
        "LOG_LEVEL": "WARNING",
        "PORT": str(port),
        "SECRET_KEY": settings.SECRET_KEY,
        "THROTTLE_ADDRESS": NEVER,
        "THROTTLE_CALLER": NEVER,
        **variables,
    }
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", "-c", str(BASE_DIR / config)]
    with subprocess.Popen(command, cwd=BASE_DIR, env={**os.environ, **told}, stdin=subprocess.DEVNULL) as process:
        try:
            _wait_until_ready(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(START_SECONDS_LIMIT)


def _wait_until_ready(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS_LIMIT
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError("The web server did not come up; its words stand above.")


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of many requests: how long each took from when it was due, in milliseconds, and the answers."""

    seconds: float
    milliseconds: list[float]
    statuses: dict[str, int]
    bodies: list[Any]


class Sender:
    """The process that sends, and how it is spoken to. It has a core of its own where there are two."""

    def __init__(self, process: "subprocess.Popen[str]", port: int, headers: Mapping[str, str]) -> None:
        self.process, self.port, self.headers = process, port, dict(headers)

    def send(
        self, paths: list[str], body: Mapping[str, Any], *, count: int, connections: int, keys: str, rate: float = 0,
        keeps_bodies: bool = False,
    ) -> Sent:  # fmt: skip
        """Post ``body`` to each of ``paths`` in turn, ``count`` times, over so many connections.

        Each under a key of its own, ``keys`` and its number; where ``keys`` ends in ``!``, all under the same. As fast
        as answers come, or, with a ``rate``, so many a second whether they come or not.
        """
        asked = {"port": self.port, "headers": self.headers, "paths": paths, "body": json.dumps(dict(body)),
                 "count": count, "connections": connections, "keys": keys, "rate": rate,
                 "keeps_bodies": keeps_bodies}  # fmt: skip
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{json.dumps(asked)}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError("The requests could not be sent; the process's words stand above.")
        return Sent(**json.loads(answer))


@contextmanager
def sending(port: int, headers: Mapping[str, str]) -> Iterator[Sender]:
    """Have the process ready that sends."""
    command = [sys.executable, "-P", str(Path(__file__).with_name("sender_process.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Sender(process, port, headers)
        assert process.stdin is not None
        process.stdin.close()
