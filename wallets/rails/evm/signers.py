"""Who signs what an address of ours sends. A signer is a port: here a key in this process' memory, elsewhere a vault's.

Only the workers of the queue `payouts` are given a key, so nothing but they can sign.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from django.conf import settings

from wallets.rails import RailError
from wallets.rails.evm.transactions import Transaction, keccak


@dataclass(frozen=True, slots=True)
class Signed:
    """A transaction as it is sent, and the hash that it is known by."""

    raw: str
    hash: str


class Signer(Protocol):
    """What signs for one address."""

    @property
    def address(self) -> str:
        """The address, in lower case."""

    def sign(self, transaction: Transaction) -> Signed:
        """Return the transaction with its signature. It speaks to no node."""


class LocalKey:
    """A private key in memory. The same transaction has the same signature each time (RFC 6979)."""

    def __init__(self, private_key: str) -> None:
        """Take a key of 64 hexadecimal digits.

        :raises RailError: if it is none of the curve's.
        """
        # What they load, only those processes should pay for that sign.
        from eth_keys.datatypes import PrivateKey
        from eth_utils.exceptions import ValidationError

        try:
            self._key = PrivateKey(bytes.fromhex(private_key.removeprefix("0x")))
        except ValidationError:  # its words would hold the key
            raise RailError("RELAYER_PRIVATE_KEY is no key", is_permanent=True) from None
        self.address: str = self._key.public_key.to_address().lower()

    def __repr__(self) -> str:
        return f"<the key of {self.address}>"

    def sign(self, transaction: Transaction) -> Signed:
        """Sign with the key."""
        signature = self._key.sign_msg_hash(keccak(transaction.unsigned()))
        raw = transaction.signed(parity=signature.v, r=signature.r, s=signature.s)
        return Signed("0x" + raw.hex(), "0x" + keccak(raw).hex())


def signer_of(address: str) -> Signer:
    """Return what signs for an address.

    :raises RailError: if this process has no key, or that of another address.
    """
    private_key: str = settings.RELAYER_PRIVATE_KEY
    if not private_key:
        raise RailError(f"nobody here signs for {address}: RELAYER_PRIVATE_KEY is not set", is_permanent=True)
    signer = _local(private_key)
    if signer.address != address:
        raise RailError(f"RELAYER_PRIVATE_KEY is the key of {signer.address}, not of {address}", is_permanent=True)
    return signer


@lru_cache(maxsize=1)  # finding out a key's address takes as long as signing
def _local(private_key: str) -> LocalKey:
    return LocalKey(private_key)
