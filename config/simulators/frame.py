"""What every simulator of a rail is made of, and how what it makes is sent."""

import json
import re
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

_SECONDS: Final = 30.0
_PATH: Final = re.compile(r"[!-~]*")
_LONGEST_ANSWER: Final = 65_536


class CannotSimulate(Exception):
    """Raised with a sentence that says why nothing, or no more, can be sent."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notice on its way, and whether it proves itself."""

    says: str
    body: bytes
    headers: Mapping[str, str]
    is_proven: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What the house said to a delivery."""

    delivery: Delivery
    status: int
    body: Any

    @property
    def is_expected(self) -> bool:
        """Whether it was believed when it should be, and only then."""
        return self.status == (200 if self.delivery.is_proven else 401)  # rails of the world ask for 200


@dataclass(frozen=True, slots=True)
class Simulator:
    """A rail as it speaks to the house: ``deliveries`` makes what a scenario sends, out of arguments and secrets."""

    rail: str
    label: str
    scenarios: Mapping[str, str]  # and what happens in each
    known: Callable[[Mapping[str, Any]], Sequence[str]]  # those of them that the rail knows, as it is asked for
    add_arguments: Callable[[ArgumentParser], None]
    secret_named: Callable[[Mapping[str, Any]], str]  # which of the account's secrets it signs with
    deliveries: Callable[[str, str, Mapping[str, Any]], Sequence[Delivery]]


def send(deliveries: Sequence[Delivery], *, to: str) -> Iterator[Answer]:
    """Send one after the other, as a rail does: the next one once the last was answered.

    :raises CannotSimulate: if ``to`` is no address on this machine, or nobody answers there.
    """
    host, port, path = _target(to)
    for delivery in deliveries:
        connection = HTTPConnection(host, port, timeout=_SECONDS)
        try:
            connection.request("POST", path, body=delivery.body, headers=dict(delivery.headers))
            response = connection.getresponse()
            yield Answer(delivery, response.status, _read(response.read(_LONGEST_ANSWER)))
        except (OSError, HTTPException) as fault:
            reason = str(fault) or type(fault).__name__
            raise CannotSimulate(
                f"Nobody answers at http://{host}:{port}: {reason}. Start the house, or say where it is: PORT=8001."
            ) from fault
        finally:
            connection.close()


def _target(to: str) -> tuple[str, int, str]:
    try:
        parts = urlsplit(to)
        host, port = parts.hostname or "", parts.port or 80
        is_here = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        is_here = False
    # Made-up payments never go to another machine, whoever it belongs to.
    if not is_here or parts.scheme != "http" or not _PATH.fullmatch(parts.path):
        raise CannotSimulate("It speaks to this machine only: --to http://127.0.0.1:8000/api/v2/hooks/...")
    return host, port, parts.path or "/"


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")
