"""Who receives a transfer: named as people name each other, without telling anybody who is here."""

from typing import Final
from uuid import UUID

from django.db.models import Q

from ledger.movements import is_storable
from wallets.errors import NoRecipient
from wallets.models import Wallet
from wallets.states import WalletState

_WALLET: Final = "wallet:"


def recipient_of(said: str, *, sender: Wallet) -> Wallet:
    """Return the wallet of who goes by ``said``: the address of a wallet, or the e-mail address its owner signs in by.

    :raises NoRecipient: if there is no such person, or none who can receive this asset: nobody learns which.
    """
    found = None
    named = _named(said.strip()) if is_storable(said) else None
    if named is not None:
        reachable = Wallet.objects.filter(named, program=sender.program_id, asset=sender.asset_id)
        # What is sent to somebody who can't sign in any more would lie there.
        found = reachable.exclude(state=WalletState.CLOSED).exclude(party__user__is_active=False).first()
    if found is None:
        raise NoRecipient(asset=sender.asset.code, recipient=said[:254].replace("\0", ""))
    return found


def _named(said: str) -> Q | None:
    if "@" in said:
        return Q(party__user__email=said.lower())
    try:
        return Q(pk=UUID(said.lower().removeprefix(_WALLET)))
    except ValueError:
        return None
