"""Which way a transfer takes: by the payee's bank and the amount."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from wallets.rails.banks import Place

KCB_ITSELF: Final = "01"

# Banks by the first eight letters of their SWIFT code, with the two digits that they have among banks in Kenya. Only
# those of which we are sure; for any other the payee gives the five digits of bank and branch.
_BY_SWIFT: Final[Mapping[str, str]] = {
    "KCBLKENX": KCB_ITSELF,
    "SCBLKENX": "02",  # Standard Chartered
    "BARCKENX": "03",  # Absa
    "CBAFKENX": "07",  # NCBA
    "KCOOKENA": "11",  # Co-operative Bank
    "CITIKENA": "16",  # Citibank
    "AFRIKENX": "19",  # Bank of Africa
    "SBICKENX": "31",  # Stanbic
    "IMBLKENA": "57",  # I&M
    "EQBLKENA": "68",  # Equity
}
_SORT_CODE: Final = re.compile(r"[0-9]{5}")


@dataclass(frozen=True, slots=True)
class Route:
    """A kind of transfer, up to which amount it is taken, and why."""

    code: str
    most: Decimal | None
    why: str


INSIDE: Final = Route("IF", None, "Inside KCB it arrives at once, costs the least, and has no limit.")
# To other banks: the first that carries the amount.
OUTSIDE: Final = (
    Route("PL", Decimal(999_999), "Pesalink arrives at once, at any hour; it carries less than a million shillings."),
    Route("EF", Decimal("999999.99"), "The clearing house carries less than a million, by the next working day."),
    Route("RT", None, "What is a million or more has to go by RTGS, and arrives the same working day."),
)


def bank_of(place: Place) -> str | None:
    """Return the two digits of the payee's bank; None where nobody here is sure of them."""
    if _SORT_CODE.fullmatch(place.bank):
        return place.bank[:2]
    return _BY_SWIFT.get(place.bank[:8]) if len(place.bank) in (8, 11) else None


def route_to(bank: str, amount: Decimal) -> Route:
    """Return the kind of transfer that an amount takes to a bank."""
    if bank == KCB_ITSELF:
        return INSIDE
    return next(route for route in OUTSIDE if route.most is None or amount <= route.most)
