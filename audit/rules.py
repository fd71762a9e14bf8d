"""How a journal row reads, and what must never stand in one."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

HIDDEN: Final = "[redacted]"
LONGEST_TEXT: Final = 2_000
LONGEST_PAYLOAD: Final = 16_384
DEEPEST: Final = 12
CLOCKS_DIFFER: Final = timedelta(hours=1)  # by less

# A name is split into its segments and a whole segment must match: `pin` hides `card_pin` and not `shipping`.
_SECRET_SEGMENTS: Final = frozenset({
    "authorization", "cookie", "credential", "credentials", "cvc", "cvv", "key", "mnemonic", "otp", "passphrase",
    "passwd", "password", "pin", "private", "secret", "seed", "session", "signature", "token",
})  # fmt: skip
# Personal data live in erasable tables; the journal keeps ids and hashes.
_PERSONAL_SEGMENTS: Final = frozenset({"address", "email", "iban", "msisdn", "pan", "phone", "ssn"})
_READABLE: Final = frozenset({"idempotency_key", "key_id", "key_prefix", "public_key", "ip_address", "asset_key"})


_WORDS: dict[str, str] = {}


def word(action: str, words: str) -> None:
    """Have ``action`` read as ``words``, a template over its payload, where its own name does not say enough."""
    assert _WORDS.get(action, words) == words, f"{action} is worded twice"
    _WORDS[action] = words


class _Said(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "?"  # a line of before the template, or one whose payload was cut


def sentence(action: str, payload: Mapping[str, Any] | None = None) -> str:
    """Return ``identity.user.created`` as words: `User created`."""
    if action in _WORDS:
        return _WORDS[action].format_map(_Said(payload or {}))
    _, noun, happened = action.split(".")
    return f"{noun} {happened}".replace("_", " ").capitalize()


def first_id_at(moment: datetime) -> UUID:
    """Return an id below every one that is made at ``moment`` or later, though clocks of two machines differ.

    Ids begin with the time they were made, and have an index where times have none.
    """
    return _id_at(moment - CLOCKS_DIFFER)


def first_id_after(moment: datetime) -> UUID:
    """Return an id above every one that was made before ``moment``, likewise."""
    return _id_at(moment + CLOCKS_DIFFER)


def _id_at(moment: datetime) -> UUID:
    return UUID(int=max(0, int(moment.timestamp() * 1000)) << 80)


@lru_cache(maxsize=4096)  # names are few, and every line of the journal asks
def is_hidden(name: str) -> bool:
    """Whether a value under ``name`` must not stand in the journal."""
    flat = "".join(f"_{letter}" if letter.isupper() else letter for letter in name.replace("-", "_")).lower()
    segments = [segment for segment in flat.split("_") if segment]
    if "_".join(segments) in _READABLE:
        return False
    return bool(_SECRET_SEGMENTS.union(_PERSONAL_SEGMENTS).intersection(segments))


def redacted(value: Any, *, depth: int = 0) -> Any:
    """Return ``value`` as it may stand in the journal: secrets hidden, everything else plain JSON and not too long."""
    if depth > DEEPEST:
        return "[too deep]"
    if isinstance(value, dict):
        return {
            _text(str(name)): HIDDEN if is_hidden(str(name)) else redacted(inner, depth=depth + 1)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(inner, depth=depth + 1) for inner in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return f"[{len(value)} bytes]"
    if value is None or isinstance(value, bool | int):
        return value
    return _text(str(value))


def _text(text: str) -> str:
    # PostgreSQL stores neither NUL nor half a character.
    storable = text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    return storable if len(storable) <= LONGEST_TEXT else f"{storable[:LONGEST_TEXT]}[{len(storable)} characters]"
