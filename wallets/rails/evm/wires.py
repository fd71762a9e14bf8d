"""What is written for one payment: its number, and each transaction that was ever signed under it.

Of all that bear one number a chain takes one. So whatever was signed is kept: any of them may be the one that pays.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any

from wallets.rails.evm.amounts import COIN_SCALE, amount_of, units_of
from wallets.rails.evm.fees import Offer
from wallets.rails.evm.signers import Signer
from wallets.rails.evm.transactions import Transaction, transfer_data
from wallets.rails.sending import Desk, Order, Wire


@dataclass(frozen=True, slots=True)
class Place:
    """Where it is sent from."""

    chain_id: int
    address: str


def place_of(desk: Desk) -> Place:
    """Return the chain and the address that an account's number names."""
    chain_id, _, address = desk.number.partition(":")
    return Place(int(chain_id), address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One transaction as it was signed."""

    hash: str
    raw: str
    max_fee: int
    tip: int
    gas: int
    time: int  # of the newest block when it was signed

    @property
    def offer(self) -> Offer:
        """What it offers for gas."""
        return Offer(self.max_fee, self.tip)


def nonce_of(wire: Wire) -> int:
    """Return the number that a payment has among all of its address."""
    return int(wire["nonce"])


def written_on(wire: Wire) -> list[Written]:
    """Return what was signed, the newest last."""
    names = [each.name for each in fields(Written)]
    return [Written(**{name: said[name] for name in names}) for said in wire["signed"]]


def units_in(order: Order) -> int:
    """Return how many of the smallest units are sent."""
    return units_of(order.amount, asset=order.unit.code, scale=order.unit.scale)


def call_of(order: Order) -> dict[str, Any]:
    """Return what a transaction says to pay an order: a token is told to send, the chain's own coin just goes."""
    units = units_in(order)
    if order.unit.contract:
        return {"to": order.unit.contract, "value": 0, "data": transfer_data(order.destination, units)}
    return {"to": order.destination, "value": units, "data": "0x"}


def write(signer: Signer, place: Place, order: Order, *, nonce: int, offer: Offer, gas: int, time: int) -> Written:
    """Sign what pays an order."""
    signed = signer.sign(
        Transaction(
            chain_id=place.chain_id, nonce=nonce, tip=offer.tip, max_fee=offer.max_fee, gas=gas, **call_of(order)
        )
    )
    return Written(hash=signed.hash, raw=signed.raw, max_fee=offer.max_fee, tip=offer.tip, gas=gas, time=time)


def wire_with(nonce: int, *written: Written) -> Mapping[str, Any]:
    """Return what is stored."""
    return {"nonce": nonce, "signed": [asdict(each) for each in written]}


def gas_at_most(wire: Wire) -> Decimal:
    """Return how much of the chain's coin a payment can take for gas, whichever of its transactions is mined."""
    return amount_of(max(each.gas * each.max_fee for each in written_on(wire)), scale=COIN_SCALE)
