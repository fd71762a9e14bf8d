"""The keys of seals. They come from the settings, never from the database that they are there to check."""

import base64
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

SEED_BYTES: Final = 32


def signing_key() -> Ed25519PrivateKey:
    """Return the key that signs.

    :raises ImproperlyConfigured: if there is none.
    """
    seed = base64.b64decode(settings.AUDIT_SIGNING_KEY or "")
    if len(seed) != SEED_BYTES:
        raise ImproperlyConfigured("AUDIT_SIGNING_KEY is missing: seals are signed with it and checked against it.")
    return Ed25519PrivateKey.from_private_bytes(seed)


def public_half(key: Ed25519PrivateKey) -> str:
    """Return the public half of a key, as seals and proofs write it."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def believed_keys() -> list[str]:
    """Return the public keys whose seals are believed: the one that signs now, then those that did before.

    :raises ImproperlyConfigured: if there is no key that signs.
    """
    return [public_half(signing_key()), *settings.AUDIT_OLD_PUBLIC_KEYS]
