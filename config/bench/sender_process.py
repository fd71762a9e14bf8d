"""The process that `config.bench.server` speaks to: asyncio on bare sockets, so that it is not what is measured.

It imports nothing of the house. A line of JSON goes in, requests are sent as it says, a line of JSON comes back.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from typing import Any


class _Run:
    """One batch of requests."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self.asked = asked
        self.next = 0
        self.began = 0.0
        self.milliseconds: list[float] = []
        self.statuses: Counter[str] = Counter()
        self.bodies: list[Any] = []

    def request(self, number: int) -> bytes:
        """Return the bytes of a request."""
        paths, keys = self.asked["paths"], self.asked["keys"]
        key = keys if keys.endswith("!") else f"{keys}-{number}"
        body: bytes = self.asked["body"].encode()
        headers = {
            "Host": f"127.0.0.1:{self.asked['port']}", "Content-Type": "application/json",
            "Content-Length": str(len(body)), "Idempotency-Key": key, **self.asked["headers"],
        }  # fmt: skip
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"POST {paths[number % len(paths)]} HTTP/1.1\r\n{head}\r\n".encode() + body

    async def work(self, start: asyncio.Event) -> None:
        """Send one request after the other over one connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.asked["port"])
        await start.wait()
        rate = self.asked["rate"]
        while (number := self.next) < self.asked["count"]:
            self.next += 1
            due = time.perf_counter()
            if rate:
                # Counted from when it was due: who keeps the sender waiting keeps everybody behind it waiting.
                due = self.began + number / rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            try:
                writer.write(self.request(number))
                status, body = await _answer(reader)
            except (ConnectionError, asyncio.IncompleteReadError):  # it was idle, and was closed: the key makes it safe
                reader, writer = await asyncio.open_connection("127.0.0.1", self.asked["port"])
                writer.write(self.request(number))
                status, body = await _answer(reader)
            self.milliseconds.append((time.perf_counter() - due) * 1000)
            self.statuses[status] += 1
            if self.asked["keeps_bodies"]:
                self.bodies.append(json.loads(body))
        writer.close()

    async def all(self) -> dict[str, Any]:
        """Do all of it, and tell."""
        start = asyncio.Event()
        workers = [asyncio.create_task(self.work(start)) for _ in range(self.asked["connections"])]
        await asyncio.sleep(0.05)  # everybody is connected, and begins at once
        self.began = time.perf_counter()
        start.set()
        await asyncio.gather(*workers)
        return {
            "seconds": time.perf_counter() - self.began, "milliseconds": self.milliseconds,
            "statuses": dict(self.statuses), "bodies": self.bodies,
        }  # fmt: skip


async def _answer(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    lines = head.split("\r\n")
    length = next(int(line.partition(":")[2]) for line in lines if line.lower().startswith("content-length:"))
    replayed = "r" if "idempotent-replayed: true" in head.lower() else ""
    return lines[0].split(" ")[1] + replayed, await reader.readexactly(length)


def main() -> None:
    """Serve until there is nothing more to do."""
    for line in sys.stdin:
        told = asyncio.run(_Run(json.loads(line)).all())
        sys.stdout.write(f"{json.dumps(told)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
