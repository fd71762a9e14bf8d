"""Where money can be paid to: what is written, read and checked kind by kind."""

import re
from typing import Final
from uuid import UUID

from affiliates.errors import BadDestination
from affiliates.models import Affiliate, PayoutMethod
from affiliates.rules import digest_of
from affiliates.states import MethodKind
from identity.errors import AddressMakesNoSense
from identity.models import WalletAddress
from identity.proofs import read_address
from ledger.movements import is_storable
from wallets.models import Wallet
from wallets.states import WalletState

_ZERO_ADDRESS: Final = "0x" + "0" * 40
_MSISDN: Final = re.compile(r"254[17][0-9]{8}")
# A branch or SWIFT code, a colon, and the account's number.
_BANK: Final = re.compile(r"[A-Z0-9]{3,11}:[A-Z0-9]{5,34}")


def checked_destination(kind: str, destination: str, *, affiliate: Affiliate) -> str:
    """Return the destination in the one form that is kept.

    :raises BadDestination: if it is none of its kind.
    """
    said = "".join(destination.split())
    if len(said) > 120 or not is_storable(said):
        raise BadDestination(reason="it has at most 120 characters")
    if kind == MethodKind.EVM:
        return _address(said)
    if kind == MethodKind.MPESA:
        return _phone(said)
    if kind == MethodKind.BANK:
        return _bank(said)
    return _wallet(said, affiliate)


def checked_holder(kind: str, holder: str) -> str:
    """Return who holds a bank's account.

    :raises BadDestination: if a bank asks for a name, and there is none.
    """
    said = " ".join(holder.split())
    if kind == MethodKind.BANK and not 2 <= len(said) <= 120:
        raise BadDestination(reason="a bank asks for the account holder's name")
    if len(said) > 120 or not is_storable(said) or not said.isprintable():
        raise BadDestination(reason="a name has at most 120 characters")
    return said


def is_proven(method: PayoutMethod) -> bool:
    """Whether the affiliate has shown by themselves that it is theirs: a key that signed, or a wallet of this house."""
    if method.kind == MethodKind.EVM:
        user_id = method.affiliate.user_id
        return user_id is not None and WalletAddress.objects.filter(user=user_id, address=method.destination).exists()
    return method.kind == MethodKind.WALLET


def shared_with(method: PayoutMethod) -> list[str]:
    """Return the codes of other affiliates of the program that are paid to the same place."""
    twins = (
        PayoutMethod.objects.live()
        .filter(program=method.program_id, destination_digest=digest_of(method.kind, method.destination))
        .exclude(affiliate=method.affiliate_id)
    )
    return sorted(set(twins.order_by().values_list("affiliate__code", flat=True)))


def _address(said: str) -> str:
    try:
        address = read_address(said)
    except AddressMakesNoSense as no:
        raise BadDestination(reason=str(no.params["reason"])) from no
    if address == _ZERO_ADDRESS:
        raise BadDestination(reason="nobody holds the key of the zero address")
    return address


def _phone(said: str) -> str:
    digits = said.removeprefix("+")
    if digits.startswith("0"):
        digits = f"254{digits[1:]}"
    if not _MSISDN.fullmatch(digits):
        raise BadDestination(reason="an M-Pesa number is 254, 1 or 7, and eight digits")
    return digits


def _bank(said: str) -> str:
    account = said.upper()
    if not _BANK.fullmatch(account):
        raise BadDestination(reason="a bank account is the bank's code, a colon, and the account's number")
    return account


def _wallet(said: str, affiliate: Affiliate) -> str:
    try:
        wallet_id = UUID(said)
    except ValueError:
        raise BadDestination(reason="a wallet is named by its id") from None
    known = Wallet.objects.filter(pk=wallet_id, program=affiliate.program_id, party=affiliate.party_id)
    if not known.exclude(state=WalletState.CLOSED).exists():
        raise BadDestination(reason="you have no such wallet here")
    return str(wallet_id)
