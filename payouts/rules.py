"""How payouts are cut, folded, named and summed up: no database, no clock."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from ledger import money

# At once from one desk: what a crash leaves unclear is never more.
GROUP_AT_MOST: Final = 50
LEASE: Final = timedelta(minutes=2)
# Called, and no answer by then: whoever called has died.
ANSWERED_BY_THEN: Final = timedelta(minutes=2)
PARTS_AT_MOST: Final = 100

_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that is read as another


def reference_of(number: int, chance: int) -> str:
    """Return our name for an attempt: 12 capital letters and digits.

    It is the number of a sequence, which never comes again; and because a restored database counts from an earlier
    number on, there are 20 bits of chance behind it.
    """
    assert 0 <= number < 32**7, number
    assert 0 <= chance < 32**4, chance
    return "P" + _written(number, 7) + _written(chance, 4)


def _written(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 32)
        digits.append(_LETTERS[digit])
    return "".join(reversed(digits))


def cut_down(amount: Decimal, *, places: int) -> tuple[Decimal, Decimal]:
    """Return what a rail can carry of an amount, and what stays: never more is sent than is owed."""
    with money.exactly():
        units = amount.scaleb(places)
        carried = (units - units % 1).scaleb(-places) if amount > 0 else money.ZERO
        return carried, amount - carried


@dataclass(frozen=True, slots=True)
class Split:
    """What becomes of what is due: what is sent, what is withheld of it, and what the rail can't carry.

    ``base`` is what is paid, sent and withheld together. What is withheld is the rate's part of that, ``exact`` before
    it was rounded: what stays due is paid, and taxed, another time.
    """

    amount: Decimal
    carried: Decimal
    withheld: Decimal = money.ZERO
    base: Decimal = money.ZERO
    exact: Decimal = money.ZERO


def split(due: Decimal, *, rate: Decimal, places: int, scale: int) -> Split:
    """Divide what is due; ``places`` is what the rail carries, ``scale`` what documents do."""
    if not rate:
        return Split(*cut_down(due, places=places))
    most, _ = cut_down(due, places=scale)
    with money.exactly():
        left = most - _withheld(most, rate=rate, scale=scale)
    amount, rest = cut_down(left, places=places)
    base = most if not rest else _base_of(amount, rate=rate, scale=scale)
    with money.exactly():
        return Split(amount, due - base, base - amount, base, base * rate)


def _withheld(base: Decimal, *, rate: Decimal, scale: int) -> Decimal:
    with money.exactly():
        return money.round_to(base * rate, scale=scale)


def _base_of(amount: Decimal, *, rate: Decimal, scale: int) -> Decimal:
    """Return what has to be paid so that ``amount`` is sent: one that is withheld from, and leaves just that.

    With each smallest unit of the base what is left of it grows by one or stays, so none is missed.
    """
    one = Decimal(1)
    with money.exactly():
        unit = one.scaleb(-scale)
        base = money.prorated(amount, part=one, whole=one - rate, scale=scale) if amount else money.ZERO
        while (left := base - _withheld(base, rate=rate, scale=scale)) != amount:
            base += unit if left < amount else -unit
    return base


def parts_of(amount: Decimal, *, least: Decimal, most: Decimal | None) -> list[Decimal]:
    """Return an amount in parts that a rail takes each in one go, the last of which is not too small either."""
    if most is None or amount <= most:
        return [amount]
    with money.exactly():
        parts = [most] * int(amount // most)
        left = amount - most * len(parts)
        if left:
            parts.append(left)
        if parts[-1] < least:
            parts[-2:] = [parts[-2] - (least - parts[-1]), least]
    return parts


def fold(parts: Sequence[str | None]) -> str:
    """Return the state of a payout by the last attempts at its parts; None is a part that was not tried yet."""
    if all(state == "CONFIRMED" for state in parts):
        return "PAID"
    if "UNKNOWN" in parts:
        return "UNKNOWN"
    if "STORED" in parts:
        return "SENDING"
    if "SENT" in parts:
        return "ACCEPTED"
    return "FAILED" if "REFUSED" in parts else "ACCEPTED"


@dataclass(frozen=True, slots=True)
class Item:
    """What others agree to, of one payout: to whom how much goes where, and out of which rows."""

    payee: str
    amount: Decimal
    carried: Decimal
    rail_account: str
    destination_digest: str
    rows: int
    withheld: Decimal = money.ZERO

    def listed(self) -> list[Any]:
        """Return it as it is written down. What is withheld stands in it where something is."""
        more = [money.plain(self.withheld)] if self.withheld else []
        return [
            self.payee, money.plain(self.amount), money.plain(self.carried), self.rail_account,
            self.destination_digest, self.rows, *more,
        ]  # fmt: skip


def digest_of(batch: str, revision: int, asset: str, items: Iterable[Item]) -> str:
    """Return the SHA-256 over the sorted items of a batch, in a form that two programs write alike."""
    document: dict[str, Any] = {
        "asset": asset,
        "batch": batch,
        "items": [item.listed() for item in sorted(items, key=lambda item: item.payee)],
        "revision": revision,
    }  # fmt: skip
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def asked_next(since: datetime, ladder: Sequence[timedelta], asked: int) -> datetime | None:
    """Return when a rail is asked for the next time; None when it was asked often enough and people have to look."""
    return since + ladder[asked] if asked < len(ladder) else None
