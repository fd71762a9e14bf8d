"""What a node says of a transaction, read and held against what it must be; and the transfers that stand in it.

What the node itself writes has to be whole, or the node is at fault. What a contract writes into its logs is anybody's:
what is no transfer of the token asked for, letter by letter, is left out.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

from wallets.rails import RailError

NOBODY: Final = "0x" + 40 * "0"
# The first topic of Transfer(address,address,uint256): the hash of these words.
TRANSFER: Final = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"

_QUANTITY: Final = re.compile(r"0x[0-9a-fA-F]{1,64}")
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_WORD: Final = re.compile(r"0x[0-9a-fA-F]{64}")
_DATA: Final = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_ADDRESS_AS_WORD: Final = re.compile(r"0x0{24}[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Log:
    """Something that a contract has said."""

    contract: str
    topics: tuple[str, ...]
    data: str
    index: int  # in its block


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a transaction, in the block that it stands in."""

    tx_hash: str
    block_number: int
    block_hash: str
    has_succeeded: bool
    logs: tuple[Log, ...]
    gas: int | None = None  # what it took of the chain's coin, in its smallest unit, where the node says it


@dataclass(frozen=True, slots=True)
class Block:
    """A block of the chain as it was when the node was asked."""

    number: int
    hash: str
    mined_at: datetime
    transactions: frozenset[str]
    base_fee: int | None = None  # what each unit of gas costs in it, where its chain has such a price


@dataclass(frozen=True, slots=True)
class Transfer:
    """What somebody was sent, in the smallest units.

    ``position`` is where in the transaction: 0 is the coin that it carries itself, its logs are counted from 1. It
    stays what it is when the transaction moves to another block; ``log_index``, which explorers show, does not.
    """

    sender: str
    to: str
    units: int
    position: int
    log_index: int | None


def read_hash(sent: str) -> str:
    """Return a transaction's hash as it is stored.

    :raises ValueError: if it is none.
    """
    if not _WORD.fullmatch(sent):
        raise ValueError("a transaction's hash is 0x and 64 hexadecimal digits")
    return sent.lower()


def read_quantity(said: Any) -> int:
    """Return a number that a node has said.

    :raises RailError: if it is none.
    """
    return int(_matching(_QUANTITY, said, "a number"), 16)


def read_receipt(said: Any, *, tx_hash: str) -> Receipt | None:
    """Return the receipt of a transaction; there is none before it stands in a block.

    :raises RailError: if it is none of this transaction's, or makes no sense.
    """
    if said is None:
        return None
    fields = _fields(said, "a receipt")
    if fields.get("blockHash") is None or fields.get("blockNumber") is None:
        return None
    if _word(fields.get("transactionHash")) != tx_hash:
        raise RailError("the node gave the receipt of another transaction")
    status = read_quantity(fields.get("status"))
    if status not in (0, 1):
        raise RailError("the node gave a receipt that neither succeeded nor failed")
    block_hash = _word(fields.get("blockHash"))
    logs = tuple(_log(each, tx_hash, block_hash) for each in _list(fields.get("logs"), "logs"))
    if any(one.index >= next_one.index for one, next_one in pairwise(logs)):
        raise RailError("the node gave logs that are out of order")
    return Receipt(tx_hash, read_quantity(fields.get("blockNumber")), block_hash, status == 1, logs, _gas(fields))


def read_block(said: Any) -> Block | None:
    """Return a block, of which the hashes of its transactions were asked for; None when the node has none there.

    :raises RailError: if it makes no sense.
    """
    if said is None:
        return None
    fields = _fields(said, "a block")
    try:
        mined_at = datetime.fromtimestamp(read_quantity(fields.get("timestamp")), UTC)
    except (ValueError, OverflowError, OSError):
        raise RailError("the node gave a block of no time that there is") from None
    transactions = frozenset(_word(each) for each in _list(fields.get("transactions"), "transactions"))
    base_fee = None if fields.get("baseFeePerGas") is None else read_quantity(fields["baseFeePerGas"])
    return Block(read_quantity(fields.get("number")), _word(fields.get("hash")), mined_at, transactions, base_fee)


def token_transfers(receipt: Receipt, *, token: str, to: str) -> tuple[Transfer, ...]:
    """Return what the token says ``to`` was sent by somebody else; nothing at all proves nothing."""
    found = []
    for position, log in enumerate(receipt.logs, start=1):
        # A token that can't be divided says the same word, and has its number for a fourth topic.
        if log.contract != token or len(log.topics) != 3 or log.topics[0] != TRANSFER or not _WORD.fullmatch(log.data):
            continue
        if not all(_ADDRESS_AS_WORD.fullmatch(topic) for topic in log.topics[1:]):
            continue
        sender, receiver = ("0x" + topic[-40:] for topic in log.topics[1:])
        found.append(Transfer(sender, receiver, int(log.data, 16), position, log.index))
    return _arrived(found, to)


def coin_transfers(receipt: Receipt, said: Any, *, to: str) -> tuple[Transfer, ...] | None:
    """Return what the transaction itself carried to ``to``; None when the node has it in that block no more.

    What contracts pass on within a transaction leaves no trace in it, and is not found.

    :raises RailError: if the transaction makes no sense.
    """
    if said is None:
        return None
    fields = _fields(said, "a transaction")
    if _word(fields.get("hash")) != receipt.tx_hash:
        raise RailError("the node gave another transaction")
    if fields.get("blockHash") is None or _word(fields.get("blockHash")) != receipt.block_hash:
        return None
    if fields.get("to") is None:  # it makes a contract
        return ()
    sender, receiver = (_address(fields.get(name)) for name in ("from", "to"))
    return _arrived([Transfer(sender, receiver, read_quantity(fields.get("value")), 0, None)], to)


def read_decimals(said: Any) -> int:
    """Return what a token answers when it is asked for its decimals.

    :raises RailError: if it answers something else.
    """
    if not isinstance(said, str) or not _WORD.fullmatch(said):
        raise RailError("the token does not say how many decimals it has", is_permanent=True)
    return int(said, 16)


def _arrived(transfers: Sequence[Transfer], to: str) -> tuple[Transfer, ...]:
    return tuple(each for each in transfers if each.to == to != each.sender and each.units > 0)


def _gas(fields: Mapping[str, Any]) -> int | None:
    """Return what a transaction took, what its chain takes for the chain below it included."""
    if fields.get("gasUsed") is None or fields.get("effectiveGasPrice") is None:
        return None
    below = 0 if fields.get("l1Fee") is None else read_quantity(fields["l1Fee"])
    return read_quantity(fields["gasUsed"]) * read_quantity(fields["effectiveGasPrice"]) + below


def _log(said: Any, tx_hash: str, block_hash: str) -> Log:
    fields = _fields(said, "a log")
    if _word(fields.get("transactionHash")) != tx_hash or _word(fields.get("blockHash")) != block_hash:
        raise RailError("the node gave a log of another transaction, or of another block")
    if fields.get("removed", False) is not False:
        raise RailError("the node gave a log that it has taken back")
    topics = tuple(_word(each) for each in _list(fields.get("topics"), "topics"))
    data = _matching(_DATA, fields.get("data"), "data").lower()
    return Log(_address(fields.get("address")), topics, data, read_quantity(fields.get("logIndex")))


def _fields(said: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(said, Mapping):
        raise RailError(f"the node gave something that is not {what}")
    return said


def _list(said: Any, what: str) -> Sequence[Any]:
    if not isinstance(said, list):
        raise RailError(f"the node gave {what} that are no list")
    return said


def _word(said: Any) -> str:
    return _matching(_WORD, said, "a hash").lower()


def _address(said: Any) -> str:
    return _matching(_ADDRESS, said, "an address").lower()


def _matching(pattern: re.Pattern[str], said: Any, what: str) -> str:
    if not isinstance(said, str) or not pattern.fullmatch(said):
        raise RailError(f"the node gave something that is not {what}")
    return said
