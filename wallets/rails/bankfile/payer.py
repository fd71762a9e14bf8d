"""How bank accounts are paid by file: what a line of it says. Nothing here speaks to anybody."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

from wallets.errors import BadPayee
from wallets.rails.bankfile.instructions import Instruction
from wallets.rails.bankfile.lines import CELL_AT_MOST
from wallets.rails.banks import PAYS, place_of
from wallets.rails.sending import Answer, Desk, Limits, Order, Refused, Survey, Unclear, Unit, Waiting, Wire

# So long a bank may take to tell; then people look at its statement.
TELLS_WITHIN: Final = timedelta(days=5)

_NO_ACCOUNT: Final = Refused(code="no_account", reason="Where it goes is no account at a bank.")
_NOT_CALLED: Final = Refused(code="by_file", reason="Nothing is called: what goes to this bank goes in a file.")


class _ByFile:
    pays = PAYS
    counts = False
    may_repeat = False
    by_file = True
    asks_after_accepted: Sequence[timedelta] = (TELLS_WITHIN,)
    asks_after_unclear: Sequence[timedelta] = ()

    def limits(self, unit: Unit) -> Limits:
        """Return what a bank takes in one go: as much as there is, in the smallest coins."""
        return Limits(places=unit.payable_scale, least=Decimal(1).scaleb(-unit.payable_scale))

    def checked(self, destination: str) -> str:
        """Return the bank account in the form that is kept.

        :raises BadPayee: if it is none.
        """
        place = place_of(destination)
        return f"{place.bank}:{place.account}"

    def fee(self, amount: Decimal, unit: Unit) -> Decimal | None:
        """Return None: it depends on the bank."""
        return None

    def survey(self, desk: Desk, orders: Sequence[Order]) -> Survey:
        """Find out what can't be written on a line."""
        return Survey(refused={order.reference: _NO_ACCOUNT for order in orders if not _is_place(order.destination)})

    def write(self, desk: Desk, order: Order, survey: Survey, *, number: int | None) -> Wire:
        """Return what its line says."""
        place, amount = place_of(order.destination), f"{order.amount:.{order.unit.payable_scale}f}"
        assert Decimal(amount) == order.amount, order
        return {
            "bank": place.bank,
            "account": place.account,
            "holder": _on_a_line(order.holder),
            "amount": amount,
            "note": _on_a_line(order.note),
        }

    def submit(self, desk: Desk, order: Order, wire: Wire) -> Answer:
        """Refuse: nothing was sent, and there is nobody to call."""
        return _NOT_CALLED

    def query(self, desk: Desk, order: Order, wire: Wire) -> Answer | Waiting:
        """Say that the bank has had its time: nobody can be asked but by people."""
        return Unclear(reason=f"The bank's file has said nothing of it for {TELLS_WITHIN.days} days.")

    def hurry(self, desk: Desk, order: Order, wire: Wire, survey: Survey) -> Wire:
        """Return what there was: it is in a file."""
        return wire

    def float_of(self, desk: Desk, unit: Unit) -> Decimal | None:
        """Return None: the bank's statement says it."""
        return None


def instruction_of(reference: str, wire: Wire) -> Instruction:
    """Return the line of something that was written."""
    return Instruction(reference, wire["bank"], wire["account"], wire["holder"], wire["amount"], wire["note"])


def _on_a_line(text: str) -> str:
    """Return words without what nobody can read."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:CELL_AT_MOST]


def _is_place(destination: str) -> bool:
    try:
        place_of(destination)
    except BadPayee:
        return False
    return True


BY_FILE: Final = _ByFile()
