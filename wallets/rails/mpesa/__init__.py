"""M-Pesa, through Daraja: phones are paid by B2C, and what came of it is told at an address of each request's own.

Nothing signs what it tells. What proves it is the account's token in the address that is called; behind it stands what
the notice is about (a result, a timeout, the answer to a question) and which of our requests. So the refusal of a
question is never read as the refusal of a payment, whatever else the notice says. Where an account names the addresses
that M-Pesa calls from, nobody else is believed either.
"""

from typing import Final

from wallets.rails import Credential, Rail
from wallets.rails.bearer import check_key
from wallets.rails.mpesa.credentials import (
    check_callers,
    check_certificate,
    check_name,
    check_password,
    check_shortcode,
)
from wallets.rails.mpesa.payer import B2C
from wallets.rails.mpesa.results import read


def carries(number: str, chain_id: int | None) -> bool:
    """Whether an asset of the chain ``chain_id`` can go through it: none of any chain."""
    return chain_id is None


MPESA: Final = Rail(
    name="mpesa",
    label="M-Pesa",
    hook_code="d",
    credentials=(
        Credential("consumer_key", "the app's consumer key", check_key),
        Credential("consumer_secret", "the app's consumer secret", check_key),
        Credential("initiator_name", "the API operator's name", check_name),
        Credential("initiator_password", "the API operator's password", check_password),
        Credential("certificate", "M-Pesa's certificate or its public key (PEM)", check_certificate),
        Credential(
            "callers",
            "addresses or networks that M-Pesa calls from, with a space between; none: any",
            check_callers,
            is_optional=True,
        ),
    ),
    number_is="the shortcode that pays",
    check_number=check_shortcode,
    carries=carries,
    read=read,
    status_of_success=200,
    answer_of_success={"ResultCode": 0, "ResultDesc": "Success"},
    hears_what_about=True,
    payer=B2C,
)
