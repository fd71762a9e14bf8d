"""Secrets at rest: encrypted with a key from the environment, and bound to where they stand.

AES-256-GCM takes the place (what holds the secret, in which program, under which name, as which version) as associated
data, so a ciphertext that was copied to another row, or back from an older version, opens nothing. The first key
encrypts and all decrypt, so they rotate. A ciphertext names its key, so that a missing one can be told from tampering.
"""

import base64
import binascii
import hmac
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_FORMAT: Final = "1"
_NONCE_BYTES: Final = 12


class Unreadable(Exception):
    """Raised when a ciphertext does not open; says why, in words that hold no secret."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a secret stands. The same words are part of what is authenticated."""

    holder: str  # setting, or proposal
    program_id: UUID
    name: str
    version: int

    def __bytes__(self) -> bytes:
        return json.dumps([self.holder, str(self.program_id), self.name, self.version]).encode()


@dataclass(frozen=True, slots=True)
class Kept:
    """A row outside the settings that holds secrets: whether they open, and with which keys they are encrypted."""

    id: UUID
    label: str
    program: str
    ciphertexts: tuple[str, ...]
    problem: str  # why they don't open; empty when they do


@dataclass(frozen=True, slots=True)
class Keeper:
    """Where a room keeps secrets beside the settings: asked when keys are looked at, and when they are changed."""

    name: str
    rows: Callable[[], Iterable[Kept]]
    reencrypt: Callable[[UUID, datetime], bool]  # whether it had another key than the first


_keepers: dict[str, Keeper] = {}


def register_keeper(keeper: Keeper) -> None:
    """Have a room's secrets looked after with all others."""
    assert _keepers.get(keeper.name, keeper) == keeper, f"two keep {keeper.name}"
    _keepers[keeper.name] = keeper


def keepers() -> tuple[Keeper, ...]:
    """Return everybody who keeps secrets beside the settings."""
    return tuple(_keepers.values())


@dataclass(frozen=True, slots=True, repr=False)
class _Key:
    id: str
    cipher: AESGCM
    fingerprint: bytes


@lru_cache(maxsize=64)
def _key(raw: str) -> _Key:
    root = base64.b64decode(raw)

    def derived(use: str, length: int = 32) -> bytes:
        return HKDF(SHA256(), length, salt=None, info=f"countinghouse settings {use}".encode()).derive(root)

    # The id says which key it is and nothing about it.
    return _Key(derived("key id", 4).hex(), AESGCM(derived("encryption")), derived("fingerprint"))


def _keys() -> list[_Key]:
    return [_key(raw) for raw in settings.SETTINGS_KEYS]


def encrypt(secret: str, *, place: Place) -> str:
    """Return ``secret`` encrypted with the first key, good for ``place`` only."""
    key = _keys()[0]
    nonce = os.urandom(_NONCE_BYTES)
    sealed = nonce + key.cipher.encrypt(nonce, secret.encode(), bytes(place))
    return f"{_FORMAT}.{key.id}.{base64.urlsafe_b64encode(sealed).decode()}"


def decrypt(ciphertext: str, *, place: Place) -> str:
    """Return the secret.

    :raises Unreadable: if its key is not in the settings, or it is not what was encrypted for ``place``.
    """
    key_id = key_id_of(ciphertext)
    key = next((key for key in _keys() if key.id == key_id), None)
    if key is None:
        raise Unreadable(f"it is encrypted with key {key_id}, and SETTINGS_KEY holds none of that id")
    try:
        sealed = base64.b64decode(ciphertext.split(".")[2], altchars=b"-_", validate=True)
        return key.cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bytes(place)).decode()
    except (InvalidTag, binascii.Error, ValueError):
        raise Unreadable("what is stored is not what was encrypted for this place") from None


def key_id_of(ciphertext: str) -> str:
    """Return the id of the key that ``ciphertext`` was made with.

    :raises Unreadable: if it is no ciphertext of ours.
    """
    parts = ciphertext.split(".")
    if len(parts) != 3 or parts[0] != _FORMAT:
        raise Unreadable("what is stored is no ciphertext")
    return parts[1]


def has_current_key(ciphertext: str) -> bool:
    """Whether the key that encrypts now has encrypted it."""
    return ciphertext.startswith(f"{_FORMAT}.{current_key_id()}.")


def current_key_id() -> str:
    """Return the id of the key that encrypts."""
    return _keys()[0].id


def fingerprint(secret: str, *, program_id: UUID, name: str) -> str:
    """Return what may be kept of a secret for ever: the same secret in the same place gives the same.

    Keyed, so that nobody without the key can try out guesses, and bound to its place, so that two programs with the
    same secret don't show it.
    """
    said = json.dumps([str(program_id), name, secret]).encode()
    return hmac.new(_keys()[0].fingerprint, said, "sha256").hexdigest()[:32]
