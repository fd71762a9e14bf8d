"""A wallet: it signs with another library than the one that checks."""

import sys
from typing import Any

# The library lets Python recurse deeper, for the whole process; the house must not be tested like that.
_limit = sys.getrecursionlimit()
from eth_account import Account  # noqa: E402
from eth_account.messages import encode_defunct  # noqa: E402

sys.setrecursionlimit(_limit)

# Keys that everybody knows.
KEY = "0x" + "11" * 32
OTHER_KEY = "0x" + "22" * 32
ADDRESS: str = Account.from_key(KEY).address
OTHER_ADDRESS: str = Account.from_key(OTHER_KEY).address


def sign(text: str, key: str = KEY) -> str:
    """Return what a wallet makes of ``text``."""
    return _hexadecimal(Account.sign_message(encode_defunct(text=text), key).signature)


def sign_bytes(message: str, key: str = KEY) -> str:
    """Return what a wallet makes of a message in hexadecimal, as browsers hand it over."""
    return _hexadecimal(Account.sign_message(encode_defunct(hexstr=message), key).signature)


def recovered(text: str, signature: bytes) -> str:
    """Return whose signature the library takes it for."""
    return str(Account.recover_message(encode_defunct(text=text), signature=signature))


def _hexadecimal(signature: bytes) -> str:
    return f"0x{bytes(signature).hex()}"


def sign_transaction(fields: dict[str, Any], key: str) -> tuple[str, str]:
    """Return a transaction as a wallet sends it, and its hash."""
    signed = Account.sign_transaction(fields, key)
    return _hexadecimal(signed.raw_transaction), _hexadecimal(signed.hash)
