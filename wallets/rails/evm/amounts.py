"""Amounts as the books have them, and as chains have them: whole numbers of the smallest unit."""

from decimal import Decimal, Inexact
from typing import Final

from ledger.errors import BadAmount, TooFine
from ledger.money import TOO_LARGE, exactly

COIN_SCALE: Final = 18  # of every chain's own coin

# Behind which numeric(38, 18) has no room before the point.
_TOO_MANY: Final = int(TOO_LARGE)


def amount_of(units: int, *, scale: int) -> Decimal:
    """Return what so many of the smallest units are.

    :raises BadAmount: if it is nothing, or more than the books can hold.
    """
    if not 0 < units < _TOO_MANY * 10**scale:
        raise BadAmount(amount=f"{units} of the smallest units")
    # Made of its digits: arithmetic would round to the 28 of Python's own context.
    return Decimal((0, tuple(int(digit) for digit in str(units)), -scale))


def units_of(amount: Decimal, *, asset: str, scale: int) -> int:
    """Return how many of the smallest units an amount is.

    :raises BadAmount: if it is not above zero, or more than the books can hold.
    :raises TooFine: if it is finer than one of them.
    """
    if not amount.is_finite() or not 0 < amount < TOO_LARGE:
        raise BadAmount(amount=str(amount))
    with exactly():
        try:
            return int(amount.quantize(Decimal(1).scaleb(-scale)).scaleb(scale))
        except Inexact:
            raise TooFine(amount=str(amount), asset=asset, scale=scale) from None
