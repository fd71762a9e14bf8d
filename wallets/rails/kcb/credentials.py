"""What an account at KCB is known by."""

import re
from typing import Final

from wallets.errors import BadRailAccount

_ACCOUNT: Final = re.compile(r"[0-9]{6,10}")
_COMPANY: Final = re.compile(r"[A-Z0-9]{3,15}")


def check_debit_account(number: str) -> str:
    """Return the number of the account that pays.

    :raises BadRailAccount: if it is none.
    """
    if not _ACCOUNT.fullmatch(number):
        raise BadRailAccount(reason="the number of an account at KCB has 6 to 10 digits")
    return number


def check_company(code: str) -> str:
    """Return the company's code.

    :raises BadRailAccount: if it is none.
    """
    if not _COMPANY.fullmatch(code):
        raise BadRailAccount(reason="a company's code at KCB has 3 to 15 capital letters and digits")
    return code
