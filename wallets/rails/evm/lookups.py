"""Ask a chain what a transaction has brought to an address of ours, and believe no more than can't be taken back.

The order of the questions is the proof. First the receipt, then how long the chain is, last which block stands at the
receipt's height: a transaction that left its block, or came back into another, in between is not proven.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from wallets.rails import RailError
from wallets.rails.evm.amounts import COIN_SCALE
from wallets.rails.evm.nodes import Question, ask
from wallets.rails.evm.receipts import (
    Block,
    Receipt,
    Transfer,
    coin_transfers,
    read_block,
    read_decimals,
    read_hash,
    read_quantity,
    read_receipt,
    token_transfers,
)

FINALIZED: Final = "finalized"
# How many blocks there must be, the transaction's own counted in; or that the node calls its block final.
Finality = int | Literal["finalized"]

DECIMALS: Final = "0x313ce567"  # decimals()


@dataclass(frozen=True, slots=True)
class NotFound:
    """No block of the chain as it is now has it: not mined yet, dropped, or between two blocks."""


@dataclass(frozen=True, slots=True)
class Shallow:
    """It stands in a block that may still be taken back."""

    depth: int
    needed: Finality


@dataclass(frozen=True, slots=True)
class Reverted:
    """It failed, for good, and brought nothing."""

    block_number: int
    block_hash: str


@dataclass(frozen=True, slots=True)
class Unrelated:
    """It succeeded, for good, and brought nothing of this asset to this address."""

    block_number: int
    block_hash: str


@dataclass(frozen=True, slots=True)
class Proven:
    """It brought this, for good. At least one transfer; each is a proof of its own."""

    transfers: tuple[Transfer, ...]
    block_number: int
    block_hash: str
    mined_at: datetime
    depth: int


Seen = NotFound | Shallow | Reverted | Unrelated | Proven

# What tokens have said of their decimals; it can't change without changing what every amount means.
_known_decimals: dict[tuple[int, str], int] = {}


def forget_decimals() -> None:
    """Ask the tokens again."""
    _known_decimals.clear()


def newest_blocks(chain_id: int, *, finality: Finality) -> tuple[Block, Block | None]:
    """Return the chain's newest block, and the newest that its node calls final where that is what proves.

    :raises RailError: if the node fails, is of another chain, or has no such block.
    """
    tags = ("latest", FINALIZED) if finality == FINALIZED else ("latest",)
    said = ask(chain_id, *(Question("eth_getBlockByNumber", (tag, False)) for tag in tags))
    latest = read_block(said[0])
    if latest is None:
        raise RailError(f"the node of chain {chain_id} has no blocks")
    return latest, _final(chain_id, said[1]) if finality == FINALIZED else None


def look_up(chain_id: int, tx_hash: str, *, to: str, token: str, scale: int, finality: Finality) -> Seen:
    """Ask the chain what the transaction has brought to the address ``to``, in lower case.

    Never call it in a transaction of the database: it talks to the world.

    :param token: the token's contract in lower case; none for the chain's own coin.
    :param scale: how many decimals the books give the asset. The token must say the same.
    :raises RailError: if the node fails, is of another chain, or the token has other decimals.
    """
    assert tx_hash == read_hash(tx_hash), "the hash is not as it is stored"
    assert finality == FINALIZED or finality > 0, "nothing is proven by no block"
    (said,) = ask(chain_id, Question("eth_getTransactionReceipt", (tx_hash,)))
    receipt = read_receipt(said, tx_hash=tx_hash)
    if receipt is None:
        return NotFound()

    depth, is_deep, transaction = _second_look(chain_id, receipt, token=token, scale=scale, finality=finality)
    if not is_deep:
        return Shallow(depth, finality)

    (said,) = ask(chain_id, Question("eth_getBlockByNumber", (hex(receipt.block_number), False)))
    block = read_block(said)
    if block is None or block.hash != receipt.block_hash:
        return NotFound()
    if block.number != receipt.block_number or tx_hash not in block.transactions:
        raise RailError("the node's block and its receipt contradict each other")
    if not receipt.has_succeeded:
        return Reverted(block.number, block.hash)
    transfers = (
        token_transfers(receipt, token=token, to=to) if token else coin_transfers(receipt, transaction, to=to)
    )  # fmt: skip
    if transfers is None:
        return NotFound()
    if not transfers:
        return Unrelated(block.number, block.hash)
    return Proven(transfers, block.number, block.hash, block.mined_at, depth)


def _second_look(
    chain_id: int, receipt: Receipt, *, token: str, scale: int, finality: Finality
) -> tuple[int, bool, Any]:
    """Return how many blocks stand on it, its own counted in, whether that is enough, and what carries a coin."""
    questions = [Question("eth_blockNumber")]
    if finality == FINALIZED:
        questions.append(Question("eth_getBlockByNumber", (FINALIZED, False)))
    is_known = not token or (chain_id, token) in _known_decimals
    if not is_known:
        questions.append(Question("eth_call", ({"to": token, "data": DECIMALS}, "latest")))
    if not token:
        questions.append(Question("eth_getTransactionByHash", (receipt.tx_hash,)))
    head, *answers = ask(chain_id, *questions)
    depth = max(0, read_quantity(head) - receipt.block_number + 1)
    if finality == FINALIZED:
        is_deep = _final(chain_id, answers.pop(0)).number >= receipt.block_number
    else:
        is_deep = depth >= finality
    if not is_known:
        note_decimals(chain_id, token, answers.pop(0))
    require_decimals(chain_id, token, scale=scale)
    return depth, is_deep, answers.pop() if answers else None


def note_decimals(chain_id: int, token: str, said: Any) -> None:
    """Keep what a token says of its decimals.

    :raises RailError: if it does not say.
    """
    _known_decimals[chain_id, token] = read_decimals(said)


def require_decimals(chain_id: int, token: str, *, scale: int) -> None:
    """Hold that a token, or the coin, has the decimals that the books give it.

    :raises RailError: if it has others.
    """
    decimals = _known_decimals[chain_id, token] if token else COIN_SCALE
    if decimals != scale:
        said = f"{token or 'the coin'} of chain {chain_id} has {decimals} decimals, and the books have {scale}"
        raise RailError(said, is_permanent=True)


def _final(chain_id: int, said: Any) -> Block:
    block = read_block(said)
    if block is None:
        raise RailError(f"the node of chain {chain_id} calls no block final")
    return block
