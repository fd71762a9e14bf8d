"""Which addresses on chains are a program's, how deep a block has to lie there, and what gas may cost."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from identity.queries.settings import setting
from ledger.models import Asset
from wallets.errors import UnknownRail
from wallets.models import RailAccount
from wallets.rails.evm import EVM, FINALIZED, GWEI, Finality, number_of
from wallets.rules import GAS_PRICE_AT_MOST
from wallets.states import RailAccountState


def addresses_for(asset: Asset, *, program_id: UUID) -> QuerySet[RailAccount]:
    """Return the program's accounts that are in use, on the asset's chain, and that it arrives at."""
    return RailAccount.objects.filter(
        program=program_id, rail=EVM.name, state=RailAccountState.ACTIVE, assets__contains=[asset.code],
        number__startswith=number_of(asset.chain_id or 0, ""),
    )  # fmt: skip


def account_at(address: str, *, asset: Asset, program_id: UUID) -> RailAccount:
    """Return the program's account that is this address, in lower case, if it is in use and the asset arrives there.

    :raises UnknownRail: if there is none.
    """
    number = number_of(asset.chain_id or 0, address)
    found = addresses_for(asset, program_id=program_id).filter(number=number).first()
    if found is None:
        raise UnknownRail(rail=number, asset=asset.code)
    return found


def chains_in_use() -> list[int]:
    """Return the chains on which somebody has an account in use."""
    numbers = RailAccount.objects.filter(rail=EVM.name, state=RailAccountState.ACTIVE).values_list("number", flat=True)
    return sorted({int(number.partition(":")[0]) for number in numbers})


def address_of(account: RailAccount) -> str:
    """Return the address that the account is, in lower case."""
    return account.number.partition(":")[2]


def finality_of(chain_id: int) -> Finality:
    """Return how deep a block of the chain has to lie until what stands in it is believed.

    :raises SettingUnreadable: if what is stored can't be read: it is not guessed.
    """
    for line in setting("wallets.chain_depths"):
        chain, _, depth = line.partition(":")
        if chain == str(chain_id):
            return FINALIZED if depth == FINALIZED else int(depth)
    return FINALIZED


def gas_price_at_most(chain_id: int) -> int:
    """Return how much a unit of gas may cost on the chain, in the smallest unit of its coin.

    :raises SettingUnreadable: if what is stored can't be read: it is not guessed.
    """
    for line in setting("wallets.gas_price_at_most"):
        chain, _, most = line.partition(":")
        if chain == str(chain_id):
            return int(Decimal(most) * GWEI)
    return GAS_PRICE_AT_MOST * GWEI


def facts_of(account: RailAccount) -> dict[str, Any]:
    """Return what sending from an address has to know, which the rail itself does not say.

    :raises SettingUnreadable: if what is stored can't be read: it is not guessed.
    """
    chain_id = int(account.number.partition(":")[0])
    return {"finality": finality_of(chain_id), "gas_price_at_most": gas_price_at_most(chain_id)}
