"""Which rail accounts money can be sent from, and to what kinds of destinations."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from ledger.models import Asset
from wallets.models import RailAccount
from wallets.rails import rail_named
from wallets.rails.sending import Limits, Payer, Unit
from wallets.states import RailAccountState


def unit_of(asset: Asset) -> Unit:
    """Return an asset as rails know it."""
    return Unit(asset.code, asset.scale, asset.payable_scale, asset.chain_id, asset.contract)


@dataclass(frozen=True, slots=True)
class Sender:
    """An account that a kind of destination can be paid from, and what goes through it."""

    account: RailAccount
    payer: Payer
    limits: Limits


def senders_of(program_id: UUID, asset: Asset, *, named: Collection[str] = ()) -> Mapping[str, list[Sender]]:
    """Return the accounts in use that an asset can be sent from, by the kind of destination that they pay to."""
    accounts = RailAccount.objects.filter(
        program=program_id, state=RailAccountState.ACTIVE, assets__contains=[asset.code]
    ).order_by("name")
    if named:
        accounts = accounts.filter(name__in=named)
    unit = unit_of(asset)
    found: dict[str, list[Sender]] = {}
    for account in accounts:
        rail = rail_named(account.rail)
        if rail.payer is not None and rail.carries(account.number, asset.chain_id):
            found.setdefault(rail.payer.pays, []).append(Sender(account, rail.payer, rail.payer.limits(unit)))
    return found
