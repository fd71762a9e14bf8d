"""Which of Daraja's codes say that nothing was sent. What is not here says nothing: it is asked about, never resent."""

from collections.abc import Mapping
from typing import Final

# Of results: M-Pesa has looked at it, and left it.
RESULTS: Final[Mapping[str, str]] = {
    "1": "There is not enough money in the utility account.",
    "2": "It is less than M-Pesa sends.",
    "3": "It is more than M-Pesa sends.",
    "4": "The payee has had all that M-Pesa sends in a day.",
    "8": "The payee's account would hold more than it may.",
    "11": "The account that pays is not in a state to pay.",
    "21": "The initiator may not pay.",
    "2001": "The initiator's name or password is wrong.",
    "2006": "The account that pays is not in a state to pay.",
    "2028": "The shortcode has no product for paying out.",
    "2040": "The payee is not registered with M-Pesa.",
    "8006": "The initiator's password is locked.",
    "SFC_IC0003": "M-Pesa knows no such number.",
}

# Of errors that are answered at once. 500.003.02 and .03 come from the gateway in front: it counts requests and turns
# those that are too many away, before anything behind it has heard of them. 500.002.1001 and 500.001.1001 are not here:
# the first says that an earlier one of the same id has arrived, and the second is said of too many things.
ERRORS: Final[Mapping[str, str]] = {
    "400.002.02": "M-Pesa finds the request wrong.",
    "400.002.05": "M-Pesa can't read the request.",
    "404.001.01": "M-Pesa knows no such address.",
    "404.001.03": "M-Pesa does not take our token.",
    "500.003.02": "M-Pesa's gateway has turned it away: too many requests.",
    "500.003.03": "M-Pesa's gateway has turned it away: too many requests.",
    **RESULTS,
}

# Of transactions that are asked about; anything else may still become one of these.
COMPLETED: Final = "Completed"
ENDED: Final = frozenset({"Failed", "Declined", "Cancelled", "Expired"})
