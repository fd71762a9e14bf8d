"""What the data of a notice says: read strictly, because nobody can ask back."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from ledger.money import is_amount
from wallets.errors import BadNotice

_DIGITS_AT_MOST: Final = 60
_RECEIPT_AT_MOST: Final = 120
_TEXT_AT_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Money:
    """That an amount moved at the rail, under a receipt."""

    asset: str
    amount: Decimal
    receipt: str


@dataclass(frozen=True, slots=True)
class Deposit(Money):
    """Money that came in; ``wallet`` is None when it names none that could be one."""

    wallet: UUID | None
    reference: str


def deposit(data: Mapping[str, Any]) -> Deposit:
    """Return what a deposit says.

    :raises BadNotice: if it lacks something that nothing can be booked without.
    """
    moved = money(data)
    reference = _text(data, "reference", most=_TEXT_AT_MOST, needed=False)
    return Deposit(moved.asset, moved.amount, moved.receipt, _identifier(data.get("wallet")), reference)


def money(data: Mapping[str, Any]) -> Money:
    """Return asset, amount and receipt.

    :raises BadNotice: if one is missing or can't be one.
    """
    return Money(
        _text(data, "asset", most=40), amount(data), _text(data, "receipt", most=_RECEIPT_AT_MOST)
    )  # fmt: skip


def amount(data: Mapping[str, Any]) -> Decimal:
    """Return the amount: a string of digits and a point, above zero.

    :raises BadNotice: if it is none.
    """
    said = data.get("amount")
    if isinstance(said, str) and 0 < len(said) <= _DIGITS_AT_MOST and said.isascii():
        whole, _, rest = said.partition(".")
        if whole.isdigit() and (rest.isdigit() or (not said.endswith(".") and not rest)):
            found = Decimal(said)
            if found > 0 and is_amount(found.to_integral_value(), scale=0):
                return found
    raise BadNotice(reason="its amount is no string of digits above zero")


def payment(data: Mapping[str, Any]) -> UUID:
    """Return which payment it is about.

    :raises BadNotice: if it names none.
    """
    found = _identifier(data.get("payment"))
    if found is None:
        raise BadNotice(reason="its payment is no id")
    return found


def reason(data: Mapping[str, Any]) -> str:
    """Return why, in the rail's words.

    :raises BadNotice: if that is no text, or too much of it.
    """
    return _text(data, "reason", most=_TEXT_AT_MOST, needed=False) or "The rail says so."


def _text(data: Mapping[str, Any], field: str, *, most: int, needed: bool = True) -> str:
    said = data.get(field, "")
    if not isinstance(said, str) or len(said) > most or (needed and not said.strip()):
        raise BadNotice(reason=f"its {field} is no text of at most {most} characters")
    return said.strip()


def _identifier(said: Any) -> UUID | None:
    try:
        return UUID(said) if isinstance(said, str) else None
    except ValueError:
        return None
