"""Transactions as chains take them (EIP-1559, type 2), in bytes that are signed and sent. It speaks to nobody.

What is written is a flat list of numbers and bytes, so its encoding (RLP) stands here in a dozen lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_TRANSFER: Final = "a9059cbb"  # transfer(address,uint256)
_BALANCE_OF: Final = "70a08231"  # balanceOf(address)
_TYPE: Final = b"\x02"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """What is signed. Addresses are in lower case; fees are in the coin's smallest unit, for each unit of gas."""

    chain_id: int
    nonce: int
    tip: int
    max_fee: int
    gas: int
    to: str
    value: int
    data: str

    def unsigned(self) -> bytes:
        """Return the bytes whose hash is signed."""
        return _TYPE + _list(self._fields())

    def signed(self, *, parity: int, r: int, s: int) -> bytes:
        """Return the bytes that are sent."""
        return _TYPE + _list([*self._fields(), parity, r, s])

    def _fields(self) -> list[int | bytes | list[bytes]]:
        to, data = (bytes.fromhex(said.removeprefix("0x")) for said in (self.to, self.data))
        return [self.chain_id, self.nonce, self.tip, self.max_fee, self.gas, to, self.value, data, []]


def transfer_data(to: str, units: int) -> str:
    """Return what a token is told to send."""
    return f"0x{_TRANSFER}{_word(int(to, 16))}{_word(units)}"


def balance_data(of: str) -> str:
    """Return what a token is asked for how much somebody has."""
    return f"0x{_BALANCE_OF}{_word(int(of, 16))}"


def keccak(data: bytes) -> bytes:
    """Return the hash that chains use."""
    # What it loads, only those processes should pay for that are asked.
    from eth_hash.auto import keccak as digest

    return bytes(digest(data))


def _word(number: int) -> str:
    return f"{number:064x}"


def _list(items: Sequence[int | bytes | list[bytes]]) -> bytes:
    body = b"".join(_item(item) for item in items)
    return _head(0xC0, len(body)) + body


def _item(item: int | bytes | list[bytes]) -> bytes:
    if isinstance(item, list):
        return _list(item)
    data = item.to_bytes((item.bit_length() + 7) // 8, "big") if isinstance(item, int) else item
    return data if len(data) == 1 and data[0] < 0x80 else _head(0x80, len(data)) + data


def _head(offset: int, length: int) -> bytes:
    if length < 56:
        return bytes((offset + length,))
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((offset + 55 + len(size),)) + size
