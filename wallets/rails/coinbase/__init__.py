"""Coinbase: charges paid in crypto, told of by Commerce or by its successor, Business Checkouts.

Both come to one address, and listeners need not know which of them spoke: kinds and data are the same. Amounts are the
text that was sent; whoever listens counts with decimals.

A notice's data: ``charge`` (Commerce's code, or the checkout's id) and ``charge_id``; ``status``, the last that became
of it, with ``context`` (UNDERPAID, OVERPAID, DELAYED) where Commerce can't resolve it; ``asked``, the price; ``paid``,
what is confirmed on a chain; ``fee``; ``refunded``, for a refund: this one, and in ``total`` all of them so far;
``metadata``, as the charge was given it; and ``api``.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from wallets.errors import BadRailAccount, NotProven
from wallets.rails import Credential, Notice, Rail, Received
from wallets.rails.coinbase import checkouts, commerce
from wallets.rails.reading import check_number

_SECRET: Final = re.compile(r"[!-~]{16,200}")
_READERS: Final[Mapping[str, tuple[str, Callable[[Received, tuple[str, ...]], Notice]]]] = {
    commerce.HEADER: ("commerce", commerce.read),
    checkouts.HEADER: ("checkouts", checkouts.read),
}


def read(received: Received, secrets: Mapping[str, str]) -> Notice:
    """Return what the notice says; its signature's header tells which of the two speaks.

    :raises NotProven: if its signature is missing, old or another's, or it can't be read.
    """
    signed = [header for header in _READERS if header in received.headers]
    if len(signed) != 1:
        raise NotProven(reason="it has no signature" if not signed else "it has signatures of two kinds")
    api, reader = _READERS[signed[0]]
    if api not in secrets:
        raise NotProven(reason=f"this account has no secret for {api.capitalize()}")
    return reader(received, tuple(secrets[api].split()))


def check_secret(secret: str) -> str:
    """Return the secret, if it is one; while Coinbase changes it, the new one and the old one with a space between.

    :raises BadRailAccount: if it is too short or too long, holds what can't be typed, or is more than two.
    """
    each = secret.split(" ")
    if len(each) > 2 or not all(_SECRET.fullmatch(part) for part in each):
        raise BadRailAccount(reason="the secret needs 16 to 200 printable ASCII characters; two have a space between")
    return secret


COINBASE: Final = Rail(
    name="coinbase",
    label="Coinbase",
    hook_code="c",
    credentials=(
        Credential("commerce", "the webhook shared secret of Commerce", check_secret, is_optional=True),
        Credential("checkouts", "the secret of the webhook subscription to checkouts", check_secret, is_optional=True),
    ),
    number_is="the merchant's or project's id at Coinbase",
    check_number=check_number,
    read=read,
    status_of_success=200,  # Commerce asks for this one, where Hook0 takes any of 2xx
)
