"""The rail `evm`: an address on a chain. Nobody calls for it: what came is looked up, what leaves is signed."""

import re
from typing import Final

from identity.errors import AddressMakesNoSense
from identity.proofs import LARGEST_CHAIN_ID, checksummed, read_address
from wallets.errors import BadRailAccount
from wallets.rails import Rail
from wallets.rails.evm.paying import PAYER
from wallets.rails.evm.receipts import NOBODY

NAME: Final = "evm"

_NUMBER: Final = re.compile(r"([1-9][0-9]{0,15}):(.*)")


def number_of(chain_id: int, address: str) -> str:
    """Return the number of the account that is this address, in lower case, on this chain."""
    return f"{chain_id}:{address}"


def check_number(number: str) -> str:
    """Return the account's number as it is stored: the chain's id, a colon, and the address in lower case.

    :raises BadRailAccount: if it is none, or the address' checksum is wrong.
    """
    found = _NUMBER.fullmatch(number)
    if found is None or int(found[1]) > LARGEST_CHAIN_ID:
        raise BadRailAccount(reason="the number is a chain's id, a colon and an address, such as 1:0x…")
    try:
        address = read_address(found[2])
    except AddressMakesNoSense as refusal:
        raise BadRailAccount(reason=f"the address makes no sense: {refusal.params['reason']}") from None
    if address == NOBODY:
        raise BadRailAccount(reason="the zero address is nobody's")
    return number_of(int(found[1]), address)


def shown_number(number: str) -> str:
    """Return the number as it is shown: with the address' checksum."""
    chain_id, _, address = number.partition(":")
    return f"{chain_id}:{checksummed(address)}"


def carries(number: str, chain_id: int | None) -> bool:
    """Whether an asset of the chain ``chain_id`` can arrive there."""
    return number.partition(":")[0] == str(chain_id)


EVM: Final = Rail(
    name=NAME,
    label="EVM chain",
    number_is="the chain's id, a colon and our address there",
    check_number=check_number,
    shown_number=shown_number,
    carries=carries,
    payer=PAYER,
)
