"""How the text of an environment variable becomes a value, or a sentence that says why it can't."""

import base64
import binascii
import re
from collections.abc import Callable
from ipaddress import ip_network
from urllib.parse import urlsplit

import environ


class Refused(ValueError):
    """Raised by a check with the rest of the sentence that begins with the variable's name."""


def text(raw: str) -> str:
    """Take it as it is."""
    return raw


def words(raw: str) -> list[str]:
    """Split at commas."""
    return [word.strip() for word in raw.split(",") if word.strip()]


def boolean(raw: str) -> bool:
    """Read 1 or 0."""
    if raw.lower() in ("1", "true", "yes", "on"):
        return True
    if raw.lower() in ("0", "false", "no", "off", ""):
        return False
    raise Refused(f"must be 1 or 0, not {raw!r}")


def choice(*allowed: str) -> Callable[[str], str]:
    """Take one of a few words."""

    def parse(raw: str) -> str:
        if raw not in allowed:
            raise Refused(f"must be one of {', '.join(allowed)}, not {raw!r}")
        return raw

    return parse


def number(low: int, high: int) -> Callable[[str], int]:
    """Read a whole number within bounds."""

    def parse(raw: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", raw) or not low <= int(raw) <= high:
            raise Refused(f"must be a whole number from {low} to {high}, not {raw!r}")
        return int(raw)

    return parse


def url(*schemes: str) -> Callable[[str], str]:
    """Take an address of one of these schemes."""

    def parse(raw: str) -> str:
        try:
            parts = urlsplit(raw)
            complete = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        except ValueError:
            complete = False
        if not complete:
            # The value itself may hold a password, so it is never repeated in the sentence.
            raise Refused(f"must be an address that starts with {' or '.join(f'{s}://' for s in schemes)}")
        return raw.rstrip("/")

    return parse


def nodes(raw: str) -> dict[int | None, str]:
    """Take the address of a node, or of one for each chain; that of a single chain, whichever it is, has no number."""
    several = "must number each of several nodes by its chain, such as 1=https://...,8453=https://..."
    found: dict[int | None, str] = {}
    # An address may hold commas and equals signs of its own, so a comma divides only where the next one begins.
    for word in re.split(r",\s*(?=[0-9]+=https?://)", raw):
        chain, divided, address = word.partition("=")
        number = int(chain) if divided and re.fullmatch(r"[1-9][0-9]{0,15}", chain) else None
        address = url("http", "https")(word if number is None else address)
        place = urlsplit(address).netloc
        if "@" in place:
            raise Refused("holds a name or a password: nodes take a key in the path")
        if "," in place or (number is None and divided and chain.isdecimal()):
            raise Refused(several)
        if number in found:
            raise Refused(f"names chain {number} twice")
        found[number] = address
    if None in found and len(found) > 1:
        raise Refused(several)
    return found


def database(raw: str) -> str:
    """Take the address of a PostgreSQL database."""
    parsed = url("postgres", "postgresql")(raw)
    if not urlsplit(parsed).path.strip("/"):
        raise Refused("names no database: write postgres://user:password@host:5432/database")
    return parsed


def secret(raw: str) -> str:
    """Take a secret that can't be guessed."""
    if len(raw) < 50 or len(set(raw)) < 5:
        raise Refused("must be a random text of at least 50 characters")
    return raw


def secrets(raw: str) -> list[str]:
    """Take several secrets, split at commas."""
    keys = words(raw)
    if any(len(key) < 32 for key in keys):
        raise Refused("holds a key of fewer than 32 characters")
    return keys


def private_key(raw: str) -> str:
    """Take the private key of an EVM account."""
    if raw and not re.fullmatch(r"(0x)?[0-9a-fA-F]{64}", raw):
        raise Refused("must be 64 hexadecimal digits, with or without 0x in front")
    return raw


def signing_seed(raw: str) -> str:
    """Take the seed of an Ed25519 key: 32 random bytes in base64."""
    if not _is_key(raw):
        raise Refused("must be 32 random bytes in base64, as `openssl rand -base64 32` makes them")
    return raw


def encryption_keys(raw: str) -> list[str]:
    """Take keys of 32 random bytes in base64, split at commas."""
    keys = words(raw)
    if not all(_is_key(key) for key in keys):
        raise Refused("must list keys of 32 random bytes in base64, as `openssl rand -base64 32` makes them")
    return keys


def public_keys(raw: str) -> list[str]:
    """Take public Ed25519 keys in hexadecimal, split at commas."""
    keys = [key.lower() for key in words(raw)]
    if not all(re.fullmatch(r"[0-9a-f]{64}", key) for key in keys):
        raise Refused("must list public keys of 64 hexadecimal digits, as `manage.py audit_key` shows them")
    return keys


def _is_key(raw: str) -> bool:
    try:
        return len(base64.b64decode(raw, validate=True)) == 32
    except (binascii.Error, ValueError):
        return False


def networks(raw: str) -> list[str]:
    """Take addresses and networks, split at commas."""
    for word in words(raw):
        try:
            ip_network(word)
        except ValueError:
            raise Refused(f"must list addresses or networks such as 10.0.0.0/8, not {word!r}") from None
    return words(raw)


def hosts(raw: str) -> list[str]:
    """Take names or addresses of hosts, each with or without a port, split at commas."""
    found = [word.lower() for word in words(raw)]
    for word in found:
        if not re.fullmatch(r"([a-z0-9][a-z0-9._-]*|[0-9a-f:]*:[0-9a-f:.]*)(:[0-9]{1,5})?", word):
            raise Refused(f"must list hosts such as 127.0.0.1:8545 or simulator.internal, not {word!r}")
    return found


def rate(raw: str) -> str:
    """Take how many in how long."""
    if not re.fullmatch(r"[1-9][0-9]{0,8}/(second|minute|hour|day)", raw):
        raise Refused(f"must read like 600/minute, not {raw!r}")
    return raw


def email_url(raw: str) -> str:
    """Take the address of a mail server."""
    if urlsplit(raw).scheme not in environ.Env.EMAIL_SCHEMES:
        raise Refused("must be a mail address such as smtp+tls://user:password@host:587")
    return raw
