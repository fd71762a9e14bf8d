"""What has to be known of a chain before payments are signed: what is there, what each would do, and what gas costs.

What can't be sent now, because the chain or the address has to change first, is a ``RailError``: nothing is signed, and
everything stays as it was. What could never be sent as it is, is refused payment by payment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from wallets.rails import RailError
from wallets.rails.evm.amounts import COIN_SCALE
from wallets.rails.evm.fees import HISTORY, SUGGESTION, Price, offer_for, read_price
from wallets.rails.evm.lookups import DECIMALS, note_decimals, require_decimals
from wallets.rails.evm.nodes import NodeRefused, Question, ask_each
from wallets.rails.evm.receipts import NOBODY, read_block, read_quantity
from wallets.rails.evm.signers import signer_of
from wallets.rails.evm.transactions import balance_data
from wallets.rails.evm.wires import Place, call_of, place_of, units_in
from wallets.rails.sending import Desk, Order, Refused, Survey, Unit

# A transfer that needs more is none; chains that count what the chain below costs in gas stay far below it.
GAS_AT_MOST: Final = 2_000_000
# How contracts' refusals are told from a node's: by the code that most have agreed on, or by the words that they use.
_REVERTED: Final = 3
_OF_CONTRACTS: Final = ("revert", "invalid opcode", "out of gas", "gas required exceeds")
_ANSWERS_NOTHING: Final = "0x"


@dataclass(frozen=True, slots=True)
class _Head:
    """What is asked once, however many are to be paid."""

    nonce: int
    pending: int
    coins: int
    time: int
    price: Price


def survey(desk: Desk, orders: Sequence[Order]) -> Survey:
    """Ask, in one journey, all that signing ``orders`` needs.

    :raises RailError: if the node does not say, nobody here can sign, there is too little, or gas costs too much.
    """
    place = place_of(desk)
    signer_of(place.address)
    refused = {order.reference: why for order in orders if (why := _misplaced(order, place)) is not None}
    wanted = [order for order in orders if order.reference not in refused]
    tokens = {order.unit.contract: order.unit for order in wanted if order.unit.contract}
    answers = _ask(place, tokens, wanted)
    head = _read_head(answers)
    ours = desk.facts.get("next_number") or 0
    if head.pending > max(head.nonce, ours):
        # Sent by somebody else with our key, or by us before this database was restored: what it pays, nobody knows.
        raise RailError(f"transactions of {place.address} wait that nobody here has sent: the last is {head.pending}")
    offer = offer_for(head.price, at_most=desk.facts["gas_price_at_most"])
    for unit in tokens.values():
        note_decimals(place.chain_id, unit.contract, _answered(answers.pop(0)))
        require_decimals(place.chain_id, unit.contract, scale=unit.scale)
        there = read_quantity(_answered(answers.pop(0)))
        _require_enough(there, sum(units_in(each) for each in wanted if each.unit == unit), unit, place)
    value = sum(call_of(each)["value"] for each in wanted)
    _require_coins(head.coins, value, place)
    gas: dict[str, int] = {}
    for order in wanted:
        judged = _judge(order, answers.pop(0), answers.pop(0))
        if isinstance(judged, Refused):
            refused[order.reference] = judged
        else:
            gas[order.reference] = judged
    _require_coins(head.coins, value + sum(gas.values()) * offer.max_fee, place)
    facts = {"gas": gas, "base": head.price.base, "tip": head.price.tip, "time": head.time}
    return Survey(number=head.nonce, refused=refused, facts=facts)


def price_in(survey: Survey) -> Price:
    """Return what gas costs, as a survey has found it."""
    return Price(survey.facts["base"], survey.facts["tip"])


def _misplaced(order: Order, place: Place) -> Refused | None:
    """Return why nobody is paid at an order's destination."""
    for address, whose in (
        (NOBODY, "nobody's: what is sent there is lost"),
        (order.unit.contract, "the token's own: what is sent there is lost"),
        (place.address, "where it is paid from"),
    ):
        if order.destination == address:
            return Refused(code="bad_destination", reason=f"This address is {whose}.")
    return None


def _ask(place: Place, tokens: dict[str, Unit], wanted: Sequence[Order]) -> list[Any]:
    ours = place.address
    questions = [
        Question("eth_getTransactionCount", (ours, "latest")), Question("eth_getTransactionCount", (ours, "pending")),
        Question("eth_getBalance", (ours, "latest")), Question("eth_getBlockByNumber", ("latest", False)),
        HISTORY, SUGGESTION,
    ]  # fmt: skip
    for token in tokens:
        questions.append(Question("eth_call", ({"to": token, "data": DECIMALS}, "latest")))
        questions.append(Question("eth_call", ({"to": token, "data": balance_data(ours)}, "latest")))
    for order in wanted:
        call = call_of(order)
        told = {"from": ours, "to": call["to"], "value": hex(call["value"]), "data": call["data"]}
        questions += [Question("eth_call", (told, "latest")), Question("eth_estimateGas", (told,))]
    return ask_each(place.chain_id, *questions)


def _read_head(answers: list[Any]) -> _Head:
    """Take what was asked once from the front of the answers."""
    *once, suggestion = (answers.pop(0) for _ in range(6))
    nonce, pending, coins, newest, history = (_answered(answer) for answer in once)
    block = read_block(newest)
    if block is None:
        raise RailError("the node has no blocks")
    price = read_price(history, suggestion)
    time = int(block.mined_at.timestamp())
    return _Head(read_quantity(nonce), read_quantity(pending), read_quantity(coins), time, price)


def _answered(answer: Any) -> Any:
    if isinstance(answer, NodeRefused):
        raise answer
    return answer


def _judge(order: Order, simulated: Any, estimate: Any) -> int | Refused:
    """Return how much gas a payment is given, or why it would come to nothing."""
    for answer in (simulated, estimate):
        if isinstance(answer, NodeRefused):
            if answer.code != _REVERTED and not any(word in answer.message.lower() for word in _OF_CONTRACTS):
                raise answer
            return Refused(code="reverts", reason=f"The transfer would fail: {answer.message}"[:500])
    # Some tokens answer nothing, which is as good as yes; some say no, and do not fail.
    if order.unit.contract and simulated != _ANSWERS_NOTHING and read_quantity(simulated) != 1:
        return Refused(code="reverts", reason="The token says that it would not send it.")
    gas = -(-read_quantity(estimate) * 6 // 5)
    if gas > GAS_AT_MOST:
        return Refused(code="too_much_gas", reason=f"It would need {gas} of gas, and no transfer needs so much.")
    return gas


def _require_enough(there: int, needed: int, unit: Unit, place: Place) -> None:
    if there < needed:
        said = f"there is {_shown(there, unit.scale)} {unit.code} at {place.address}"
        raise RailError(f"{said}, and {_shown(needed, unit.scale)} is to be sent: waits")


def _require_coins(there: int, needed: int, place: Place) -> None:
    if there < needed:
        said = f"there is {_shown(there, COIN_SCALE)} of the chain's coin at {place.address}"
        raise RailError(f"{said}, and {_shown(needed, COIN_SCALE)} is needed with gas: waits")


def _shown(units: int, scale: int) -> str:
    digits = Decimal((0, tuple(int(digit) for digit in str(units)), -scale))
    said = f"{digits:f}"
    return said.rstrip("0").rstrip(".") if "." in said else said
