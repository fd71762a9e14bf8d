"""What gas costs now, what is offered for it, and when that is too much."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from wallets.rails import RailError
from wallets.rails.evm.nodes import Question
from wallets.rails.evm.receipts import read_quantity

GWEI: Final = 10**9
HISTORY: Final = Question("eth_feeHistory", (hex(4), "latest", [50]))
SUGGESTION: Final = Question("eth_maxPriorityFeePerGas")


@dataclass(frozen=True, slots=True)
class Price:
    """What the next block takes for a unit of gas, and what its maker is given beside."""

    base: int
    tip: int


@dataclass(frozen=True, slots=True)
class Offer:
    """The most that is paid for a unit of gas, and what of it is the maker's."""

    max_fee: int
    tip: int


def read_price(history: Any, suggestion: Any) -> Price:
    """Return what a node's answers come to. A node that suggests no tip has a history to tell it from.

    :raises RailError: if they make no sense, or the chain has no such prices.
    """
    bases = history.get("baseFeePerGas") if isinstance(history, Mapping) else None
    if not isinstance(bases, list) or not bases:
        raise RailError("the node does not say what gas costs", is_permanent=True)
    rows = history.get("reward")
    paid = sorted(read_quantity(row[0]) for row in rows if isinstance(row, list) and row) if rows else []
    seen = paid[len(paid) // 2] if paid else 0
    suggested = 0 if isinstance(suggestion, RailError) else read_quantity(suggestion)
    return Price(read_quantity(bases[-1]), max(seen, suggested))


def offer_for(price: Price, *, at_most: int) -> Offer:
    """Return what is offered: enough for a base that doubles, and never more than ``at_most``.

    :raises RailError: if gas costs more than that now.
    """
    _require_bearable(price, at_most=at_most)
    return Offer(min(2 * price.base + price.tip, at_most), price.tip)


def raised(before: Offer, price: Price, *, at_most: int) -> Offer:
    """Return an offer that nodes take in the place of one before: both fees an eighth higher at least.

    :raises RailError: if that is more than ``at_most``, or gas costs more than that.
    """
    _require_bearable(price, at_most=at_most)
    tip = max(_an_eighth_more(before.tip), price.tip)
    wanted = max(_an_eighth_more(before.max_fee), price.base + tip)
    if wanted > at_most:
        raise RailError(f"to go faster it would take gas at {in_gwei(wanted)}, and {in_gwei(at_most)} is the most")
    return Offer(min(max(wanted, 2 * price.base + tip), at_most), tip)


def in_gwei(fee: int) -> str:
    """Return a price of gas as people say it."""
    return f"{(Decimal(fee) / GWEI).normalize():f} gwei"


def _require_bearable(price: Price, *, at_most: int) -> None:
    if price.base + price.tip > at_most:
        raise RailError(f"gas is at {in_gwei(price.base + price.tip)}, and {in_gwei(at_most)} is the most: waits")


def _an_eighth_more(fee: int) -> int:
    return max(fee + 1, -(-fee * 9 // 8))
