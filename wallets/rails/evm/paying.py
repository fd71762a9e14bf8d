"""Pays on chains: a coin or a token, from an address of ours whose key the workers of payouts have."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

from identity.errors import AddressMakesNoSense
from identity.proofs import read_address
from wallets.errors import BadPayee
from wallets.rails import RailError
from wallets.rails.evm.fees import offer_for, raised
from wallets.rails.evm.nodes import Question, ask
from wallets.rails.evm.outcomes import outcome_of
from wallets.rails.evm.receipts import NOBODY, read_quantity
from wallets.rails.evm.signers import signer_of
from wallets.rails.evm.surveys import price_in, survey
from wallets.rails.evm.transactions import balance_data
from wallets.rails.evm.wires import nonce_of, place_of, wire_with, write, written_on
from wallets.rails.sending import (
    Accepted,
    Answer,
    Desk,
    Limits,
    Order,
    Survey,
    Unclear,
    Unit,
    Waiting,
    Wire,
    every,
)

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class EvmPayer:
    """Pays on a chain. What it has signed can be sent as often as one likes: its number makes it happen once."""

    pays: str = "EVM"
    counts: bool = True
    may_repeat: bool = True
    by_file: bool = False
    # Blocks come in seconds; and what was signed can be mined as long as its number is free.
    asks_after_accepted: Sequence[timedelta] = every(
        (timedelta(seconds=15), _HOUR), (_MINUTE, _DAY), (_HOUR, 60 * _DAY)
    )
    asks_after_unclear: Sequence[timedelta] = asks_after_accepted

    def limits(self, unit: Unit) -> Limits:
        """Return that every unit can be sent, and any number of them."""
        return Limits(places=unit.scale, least=Decimal(1).scaleb(-unit.scale))

    def checked(self, destination: str) -> str:
        """Return an address in lower case, which is how it is kept."""
        try:
            address = read_address("".join(destination.split()))
        except AddressMakesNoSense as refusal:
            raise BadPayee(reason=str(refusal.params["reason"])) from None
        if address == NOBODY:
            raise BadPayee(reason="the zero address is nobody's")
        return address

    def fee(self, amount: Decimal, unit: Unit) -> Decimal | None:
        """Return nothing: what gas will cost nobody knows, and it is paid in the chain's own coin."""
        return None

    def survey(self, desk: Desk, orders: Sequence[Order]) -> Survey:
        """Ask what is there, what each payment would do, and what gas costs."""
        return survey(desk, orders)

    def write(self, desk: Desk, order: Order, survey: Survey, *, number: int | None) -> Wire:
        """Sign what pays an order under a number."""
        assert number is not None, "every transaction of an address has a number"
        place = place_of(desk)
        written = write(
            signer_of(place.address), place, order, nonce=number,
            offer=offer_for(price_in(survey), at_most=desk.facts["gas_price_at_most"]),
            gas=survey.facts["gas"][order.reference], time=survey.facts["time"],
        )  # fmt: skip
        return wire_with(number, written)

    def submit(self, desk: Desk, order: Order, wire: Wire) -> Answer:
        """Send what was signed last. It is never refused: its number would be missing, and block all behind it."""
        chain_id, written = place_of(desk).chain_id, written_on(wire)
        newest = written[-1]
        try:
            (said,) = ask(chain_id, Question("eth_sendRawTransaction", (newest.raw,)))
        except RailError as no:
            return self._known(chain_id, [each.hash for each in written]) or Unclear(reason=f"Not sent yet: {no}")
        if said != newest.hash:
            return Unclear(reason="The node calls it by another name than its hash.")
        return Accepted(rail_reference=newest.hash)

    def query(self, desk: Desk, order: Order, wire: Wire) -> Answer | Waiting:
        """Ask the chain what came of it."""
        return outcome_of(desk, order, wire)

    def hurry(self, desk: Desk, order: Order, wire: Wire, survey: Survey) -> Wire:
        """Sign it again under the same number, with more for gas. Of all that bear a number one can pay."""
        place, written = place_of(desk), written_on(wire)
        last = written[-1]
        offer = raised(last.offer, price_in(survey), at_most=desk.facts["gas_price_at_most"])
        again = write(
            signer_of(place.address), place, order, nonce=nonce_of(wire), offer=offer, gas=last.gas,
            time=survey.facts["time"],
        )  # fmt: skip
        return wire_with(nonce_of(wire), *written, again)

    def float_of(self, desk: Desk, unit: Unit) -> Decimal | None:
        """Return how much of a coin or token is at our address."""
        place = place_of(desk)
        if unit.contract:
            (said,) = ask(
                place.chain_id,
                Question("eth_call", ({"to": unit.contract, "data": balance_data(place.address)}, "latest")),
            )
        else:
            (said,) = ask(place.chain_id, Question("eth_getBalance", (place.address, "latest")))
        digits = tuple(int(digit) for digit in str(read_quantity(said)))
        return Decimal((0, digits, -unit.scale))

    def _known(self, chain_id: int, hashes: Sequence[str]) -> Accepted | None:
        """Return that the chain has it, if it knows anything that was signed: what it has, it need not be sent."""
        try:
            said = ask(chain_id, *(Question("eth_getTransactionByHash", (each,)) for each in hashes))
        except RailError:
            return None
        found = [each for each, transaction in zip(hashes, said, strict=True) if transaction is not None]
        return Accepted(rail_reference=found[-1]) if found else None


PAYER: Final = EvmPayer()
