"""Which addresses on chains are a program's, and how deep a block has to lie there."""

from uuid import UUID

from django.db.models import QuerySet

from identity.queries.settings import setting
from ledger.models import Asset
from wallets.errors import UnknownRail
from wallets.models import RailAccount
from wallets.rails.evm import EVM, FINALIZED, Finality, number_of
from wallets.states import RailAccountState

DEPTHS = "wallets.chain_depths"


def accounts_on_chain(chain_id: int, *, program_id: UUID, asset: Asset) -> QuerySet[RailAccount]:
    """Return the program's accounts on the chain that are in use and that the asset arrives at."""
    return RailAccount.objects.filter(
        program=program_id, rail=EVM.name, number__startswith=number_of(chain_id, ""), state=RailAccountState.ACTIVE,
        assets__contains=[asset.code],
    )  # fmt: skip


def account_at(chain_id: int, address: str, *, program_id: UUID, asset: Asset) -> RailAccount:
    """Return the program's account that is this address, in lower case, if it is in use and the asset arrives there.

    :raises UnknownRail: if there is none.
    """
    number = number_of(chain_id, address)
    found = accounts_on_chain(chain_id, program_id=program_id, asset=asset).filter(number=number).first()
    if found is None:
        raise UnknownRail(rail=number, asset=asset.code)
    return found


def address_of(account: RailAccount) -> str:
    """Return the address that the account is, in lower case."""
    return account.number.partition(":")[2]


def finality_of(chain_id: int) -> Finality:
    """Return how deep a block of the chain has to lie until what stands in it is believed.

    :raises SettingUnreadable: if what is stored can't be read: it is not guessed.
    """
    for line in setting(DEPTHS):
        chain, _, depth = line.partition(":")
        if chain == str(chain_id):
            return FINALIZED if depth == FINALIZED else int(depth)
    return FINALIZED
