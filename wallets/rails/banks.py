"""Accounts at banks, as payout methods name them: the bank's code, a colon, and the account's number."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from wallets.errors import BadPayee

PAYS: Final = "BANK"

_PLACE: Final = re.compile(r"([A-Z0-9]{3,11}):([A-Z0-9]{5,34})")
_PRINTED: Final = re.compile(r"[^A-Za-z0-9 .,'/-]")


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody has an account."""

    bank: str
    account: str


def place_of(destination: str) -> Place:
    """Return the bank and the account that a destination names.

    :raises BadPayee: if it names none.
    """
    found = _PLACE.fullmatch("".join(destination.split()).upper())
    if not found:
        raise BadPayee(reason="a bank account is the bank's code, a colon, and the account's number")
    return Place(found[1], found[2])


def in_plain_letters(text: str, *, at_most: int) -> str:
    """Return words as the oldest of banks prints them: accents and what is no letter fall away."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(_PRINTED.sub(" ", letters).split())[:at_most].strip()
