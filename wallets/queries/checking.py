"""What a caller may ask: checked before anything is locked or written for it."""

from collections.abc import Callable
from decimal import Decimal
from typing import Final
from uuid import UUID

from ledger.errors import BadAmount, BadText, TooFine, TooLong
from ledger.money import is_amount
from ledger.movements import is_storable
from wallets.errors import NoReason, WalletChanged, WalletIsClosed

KEY_AT_MOST: Final = 200
REASON_AT_MOST: Final = 500


def house_key(key: str) -> str:
    """Return the key under which the books know what a caller asked for under ``key``.

    :raises TooLong: if it is empty or too long.
    :raises BadText: if it can't be stored.
    """
    require_key(key)
    return f"house:wallets:{key}"


def require_key(key: str) -> None:
    """Refuse a key that could not be stored.

    :raises TooLong: if it is empty or too long.
    :raises BadText: if it can't be stored.
    """
    if not 0 < len(key) <= KEY_AT_MOST:
        raise TooLong(field="A key", most=KEY_AT_MOST, unit="characters")
    if not is_storable(key):
        raise BadText(field="A key")


def require_amount(amount: Decimal, *, asset: str, scale: int) -> None:
    """Refuse what is no amount of the asset, before anything is written of it.

    :raises BadAmount: if it is no number above zero that the books can hold.
    :raises TooFine: if it is finer than the asset.
    """
    if not amount.is_finite() or amount <= 0 or not is_amount(amount.to_integral_value(), scale=0):
        raise BadAmount(amount=str(amount)[:60])
    if not is_amount(amount, scale=scale):
        raise TooFine(amount=str(amount)[:60], asset=asset, scale=scale)


def require_reason(reason: str) -> str:
    """Return the reason as it is kept.

    :raises NoReason: if there is none.
    :raises TooLong: if it is too long.
    :raises BadText: if it can't be stored.
    """
    said = reason.strip()
    if not said:
        raise NoReason
    if len(said) > REASON_AT_MOST:
        raise TooLong(field="A reason", most=REASON_AT_MOST, unit="characters")
    if not is_storable(said):
        raise BadText(field="A reason")
    return said


def account_code(wallet_id: UUID) -> str:
    """Return the code of a wallet's account in the books."""
    return f"wallet:{wallet_id}"


def require_usable(
    *, is_closed: bool, version: int, seen: int | None, unless: Callable[[], bool] = lambda: False
) -> None:  # fmt: skip
    """Refuse to do anything new with a wallet that is closed, or that the caller has seen otherwise.

    ``unless`` is whether it was done before, and is asked only where it matters.

    :raises WalletIsClosed: if it is closed.
    :raises WalletChanged: if it has another version than the caller has seen.
    """
    has_changed = seen is not None and seen != version
    if not (is_closed or has_changed) or unless():
        return
    if is_closed:
        raise WalletIsClosed
    raise WalletChanged(version=version, seen=seen)
