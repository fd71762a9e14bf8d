"""Any bank, by file: instructions go out in a file that people carry there, and what came of them comes in another.

Nothing is called, and nothing calls. Files are CSV in UTF-8. Their first line says which file it is, from which
account, of which asset, how many lines follow, what they come to, and their SHA-256; so a file that was cut off, or
changed on the way, is not taken in.
"""

from typing import Final

from wallets.rails import Rail
from wallets.rails.bankfile.payer import BY_FILE
from wallets.rails.reading import check_number


def carries(number: str, chain_id: int | None) -> bool:
    """Whether an asset of the chain ``chain_id`` can go through it: none of any chain."""
    return chain_id is None


BANKFILE: Final = Rail(
    name="bank",
    label="A bank, by file",
    number_is="the account that pays, as the bank calls it",
    check_number=check_number,
    carries=carries,
    payer=BY_FILE,
)
