"""Arithmetic with amounts: exact decimals, or a refusal.

Everything here runs in a context of 77 digits in which an inexact result is an error; only ``round_to`` and
``allocate`` round, and say so. (Python's default of 28 digits would lose the end of a large sum without a word.)
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import (
    ROUND_DOWN,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
    localcontext,
)
from fractions import Fraction
from typing import Final

ZERO: Final = Decimal(0)
LARGEST_SCALE: Final = 18
# numeric(38, 18) has room for twenty digits before the point.
TOO_LARGE: Final = Decimal(10) ** 20

_EXACT: Final = Context(prec=77, rounding=ROUND_HALF_EVEN, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
_ROUNDING: Final = Context(prec=77, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])
_QUANTA: Final = tuple(Decimal(1).scaleb(-scale) for scale in range(LARGEST_SCALE + 1))


@contextmanager
def exactly() -> Iterator[None]:
    """Do decimal arithmetic without losing a digit: what can't be written exactly raises ``Inexact``."""
    with localcontext(_EXACT):
        yield


def is_amount(value: Decimal, *, scale: int) -> bool:
    """Whether ``value`` is a finite number that the books can hold, no finer than ``scale``."""
    if not value.is_finite() or value.copy_abs() >= TOO_LARGE:
        return False
    try:
        value.quantize(_QUANTA[scale], context=_EXACT)
    except Inexact:
        return False
    return True


def round_to(value: Decimal, *, scale: int) -> Decimal:
    """Return ``value`` rounded half-even to ``scale`` places."""
    return value.quantize(_QUANTA[scale], rounding=ROUND_HALF_EVEN, context=_ROUNDING)


def prorated(amount: Decimal, *, part: Decimal, whole: Decimal, scale: int) -> Decimal:
    """Return ``part`` of ``whole`` of ``amount``, rounded half-even to ``scale`` places, once."""
    units = Fraction(amount) * Fraction(part) / Fraction(whole) * 10**scale
    return Decimal(round(units)).scaleb(-scale, context=_ROUNDING)


def allocate(total: Decimal, *, weights: Sequence[Decimal], scale: int) -> list[Decimal]:
    """Split ``total`` by ``weights`` so that the parts are no finer than ``scale`` and add up to exactly ``total``.

    What rounding down leaves goes, a smallest unit each, to the parts that lost most; of equals the first is served.

    :raises ValueError: if there is no weight above zero, one below zero, or ``total`` is finer than ``scale``.
    """
    if not is_amount(total, scale=scale):
        raise ValueError(f"{total} is finer than {scale} places")
    if not weights or min(weights) < 0 or not any(weights):
        raise ValueError("weights are not below zero, and one at least is above it")

    unit, sign = _QUANTA[scale], (-1 if total < 0 else 1)
    with localcontext(_ROUNDING):
        whole = sum(weights, ZERO)
        shares = [abs(total) * weight / whole for weight in weights]
        parts = [share.quantize(unit, rounding=ROUND_DOWN) for share in shares]
        left = int((abs(total) - sum(parts, ZERO)) / unit)
        losers = sorted(range(len(parts)), key=lambda place: (parts[place] - shares[place], place))
        for place in [place for place in losers if weights[place]][:left]:
            parts[place] += unit
        return [part * sign for part in parts]


def grouped(value: Decimal, *, places: int) -> str:
    """Return ``value`` as people read it: thousands apart, ``places`` behind the point, and more where there are."""
    whole, _, part = plain(value).partition(".")
    sign, digits = ("\N{MINUS SIGN}", whole[1:]) if whole.startswith("-") else ("", whole)
    part = part.ljust(places, "0")
    return f"{sign}{int(digits):,}{'.' if part else ''}{part}"


def plain(value: Decimal) -> str:
    """Return ``value`` in digits: no exponent, no zeros at the end, the same text for equal numbers."""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
