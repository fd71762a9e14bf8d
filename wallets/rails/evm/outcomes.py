"""What has become of a payment on its chain, and how much of that is for good.

A number is used once. So a payment is one of these: paid or failed by one of the transactions that we signed under its
number; still to come; or never to come, because a transaction that is not ours has used its number up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from ledger.errors import BadAmount
from wallets.rails.evm.amounts import COIN_SCALE, amount_of
from wallets.rails.evm.lookups import (
    FINALIZED,
    Finality,
    NotFound,
    Reverted,
    Shallow,
    Unrelated,
    look_up,
    newest_blocks,
)
from wallets.rails.evm.nodes import Question, ask
from wallets.rails.evm.receipts import Block, Receipt, read_block, read_quantity, read_receipt
from wallets.rails.evm.wires import Place, Written, nonce_of, place_of, written_on
from wallets.rails.sending import Cost, Desk, Order, Outcome, Paid, Refused, Unclear, Waiting, Wire

# Stuck: it offers less than a unit of gas costs, and has for a while; or nobody has taken it for long.
PRICED_OUT_AFTER: Final = timedelta(minutes=1)
STUCK_AFTER: Final = timedelta(minutes=10)
# Nodes that keep no more of the past than they need still know how many transactions there were so many blocks ago.
_REMEMBERED: Final = 100
# In the evidence of what the chain has for good, and of what can't come any more.
_MINED: Final = "block_hash"
TAKEN: Final = "number_taken"


@dataclass(frozen=True, slots=True)
class _Look:
    """What a node says of a number and of all that was signed under it."""

    receipts: tuple[Receipt, ...]
    used: int  # how many numbers the chain has seen of our address
    newest: Block | None


def outcome_of(desk: Desk, order: Order, wire: Wire) -> Outcome | Waiting:
    """Ask the chain what came of a payment. Whatever was signed for it is asked about: any may be the one.

    :raises RailError: if the node does not say.
    """
    place, finality = place_of(desk), desk.facts["finality"]
    written = written_on(wire)
    look = _look(place, written)
    if look.receipts:
        return _said_by(look.receipts[0], place, order, finality)
    nonce = nonce_of(wire)
    if look.used > nonce:
        return _taken(place, written, nonce, finality)
    if look.used < nonce:
        return Waiting(reason=f"It is number {nonce}, and the chain has come to {look.used}.")
    return Waiting(reason="No block has it yet.", is_stuck=_is_stuck(written[-1], look.newest))


def is_used_up(evidence: Mapping[str, Any]) -> bool:
    """Whether the number of a payment is used for good: until it is, what was signed under it may still be mined."""
    return not evidence.keys().isdisjoint({_MINED, TAKEN})


def _look(place: Place, written: Sequence[Written]) -> _Look:
    used, newest, *receipts = ask(
        place.chain_id,
        Question("eth_getTransactionCount", (place.address, "latest")),
        Question("eth_getBlockByNumber", ("latest", False)),
        *(Question("eth_getTransactionReceipt", (each.hash,)) for each in written),
    )
    found = [read_receipt(said, tx_hash=each.hash) for said, each in zip(receipts, written, strict=True)]
    return _Look(tuple(receipt for receipt in found if receipt), read_quantity(used), read_block(newest))


def _is_stuck(written: Written, newest: Block | None) -> bool:
    if newest is None:
        return False
    age = timedelta(seconds=int(newest.mined_at.timestamp()) - written.time)
    is_priced_out = newest.base_fee is not None and newest.base_fee > written.max_fee
    return age >= STUCK_AFTER or (is_priced_out and age >= PRICED_OUT_AFTER)


def _said_by(receipt: Receipt, place: Place, order: Order, finality: Finality) -> Outcome | Waiting:
    """Return what a receipt shows, once it is for good: every question is asked in the order that makes it a proof."""
    token, scale = order.unit.contract, order.unit.scale
    seen = look_up(
        place.chain_id, receipt.tx_hash, to=order.destination, token=token, scale=scale, finality=finality
    )  # fmt: skip
    if isinstance(seen, NotFound):
        return Waiting(reason="It has left the block that it was in.")
    if isinstance(seen, Shallow):
        needed = "the node to call it final" if seen.needed == FINALIZED else f"{seen.needed}"
        return Waiting(reason=f"It is {seen.depth} blocks deep, and waits for {needed}.")
    if seen.block_hash != receipt.block_hash:
        return Waiting(reason="It has moved to another block.")
    cost = Cost(_coins(receipt.gas), is_gas=True) if receipt.gas else None
    evidence: dict[str, Any] = {
        "chain": place.chain_id, "block": seen.block_number, _MINED: seen.block_hash, "hash": receipt.tx_hash
    }  # fmt: skip
    if isinstance(seen, Reverted):
        reason = "The chain has it, and it failed there: nothing was sent."
        return Refused(code="reverted", reason=reason, rail_reference=receipt.tx_hash, cost=cost, evidence=evidence)
    ours = [] if isinstance(seen, Unrelated) else [each for each in seen.transfers if each.sender == place.address]
    if not ours or isinstance(seen, Unrelated):
        reason = "The chain has it and it succeeded, but it shows no transfer from us to the payee."
        return Unclear(reason=reason, rail_reference=receipt.tx_hash, evidence=evidence)
    try:
        amount = amount_of(sum(each.units for each in ours), scale=scale)
    except BadAmount:  # what a token says can be any number
        reason = "The chain has it and it succeeded, but it names an amount that there can't be."
        return Unclear(reason=reason, rail_reference=receipt.tx_hash, evidence=evidence)
    return Paid(
        receipt=receipt.tx_hash, amount=amount, rail_reference=receipt.tx_hash,
        paid_at=seen.mined_at, cost=cost, evidence={**evidence, "position": ours[0].position, "depth": seen.depth},
    )  # fmt: skip


def _taken(place: Place, written: Sequence[Written], nonce: int, finality: Finality) -> Unclear | Waiting:
    """Return what it means that the number is used and nothing of ours has a receipt: first the depth, then again."""
    if _used_for_good(place, finality) <= nonce:
        return Waiting(reason=f"Number {nonce} is used, in a block that may still be taken back.")
    if _look(place, written).receipts:
        return Waiting(reason="A block has just taken it.")
    reason = (
        f"Number {nonce} of {place.address} was used by a transaction that is not ours: this payment can't come any "
        "more. Find out who else has the key, and say that it failed."
    )
    return Unclear(reason=reason, evidence={TAKEN: nonce})


def _used_for_good(place: Place, finality: Finality) -> int:
    block: str = FINALIZED
    if finality != FINALIZED:
        newest, _ = newest_blocks(place.chain_id, finality=finality)
        block = hex(max(0, newest.number + 1 - min(int(finality), _REMEMBERED)))
    (used,) = ask(place.chain_id, Question("eth_getTransactionCount", (place.address, block)))
    return read_quantity(used)


def _coins(units: int) -> Decimal:
    return amount_of(units, scale=COIN_SCALE)
