"""KCB, through Buni: bank accounts are paid by transfers, inside KCB and to other banks in Kenya.

It tells us nothing by itself: what it has accepted is asked about.
"""

from typing import Final

from wallets.rails import Credential, Rail
from wallets.rails.bearer import check_key
from wallets.rails.kcb.credentials import check_company, check_debit_account
from wallets.rails.kcb.payer import TRANSFERS


def carries(number: str, chain_id: int | None) -> bool:
    """Whether an asset of the chain ``chain_id`` can go through it: none of any chain."""
    return chain_id is None


KCB: Final = Rail(
    name="kcb",
    label="KCB",
    credentials=(
        Credential("consumer_key", "the app's consumer key", check_key),
        Credential("consumer_secret", "the app's consumer secret", check_key),
        Credential("company_code", "the company's code there, such as KE0010001", check_company),
    ),
    number_is="the account at KCB that pays",
    check_number=check_debit_account,
    carries=carries,
    payer=TRANSFERS,
)
