"""Where money comes from and goes to, by what a caller knows of it."""

from typing import Final

from identity.models import Program
from ledger.models import Account, Asset
from ledger.states import AssetKind
from wallets.errors import NotAPayee, RailForPoints, RailNeeded, UnknownRail

TREASURY: Final = "system:treasury"
PAYEE_ROLES: Final = frozenset({"REVENUE", "TREASURY", "WALLET", "RECEIVABLE", "PARTY_RECEIVABLE", "ESCROW"})


def house_account_code(program: Program, asset: Asset, name: str) -> str:
    """Return the treasury for points, and the program's own account of that name for money."""
    return TREASURY if asset.kind == AssetKind.POINTS else f"program:{program.slug}:{name}"


def clearing_of(program: Program, asset: Asset, rail: str) -> Account:
    """Return the account of what a rail has received.

    :raises RailForPoints: if the asset is points.
    :raises RailNeeded: if no rail is named.
    :raises UnknownRail: if the program keeps none of this name in the asset.
    """
    return _at_rail(program, asset, rail, "clearing")


def float_of(program: Program, asset: Asset, rail: str) -> Account:
    """Return the account of what a rail holds.

    :raises RailForPoints: if the asset is points.
    :raises RailNeeded: if no rail is named.
    :raises UnknownRail: if the program keeps none of this name in the asset.
    """
    return _at_rail(program, asset, rail, "float")


def payee_account(program: Program, asset: Asset, code: str) -> Account:
    """Return the account of who is paid.

    :raises NotAPayee: if there is none, or it is of a kind that payments do not go to.
    """
    found = None
    if "\0" not in code:
        found = Account.objects.filter(program=program, asset=asset, code=code).first()
    if found is None or found.role not in PAYEE_ROLES:
        raise NotAPayee(payee=code[:120].replace("\0", ""), asset=asset.code)
    return found


def _at_rail(program: Program, asset: Asset, rail: str, part: str) -> Account:
    if asset.kind == AssetKind.POINTS:
        raise RailForPoints(asset=asset.code)
    if not rail:
        raise RailNeeded(asset=asset.code)
    found = None
    if "\0" not in rail:
        found = Account.objects.filter(program=program, asset=asset, code=f"rail:{rail}:{part}").first()
    if found is None:
        raise UnknownRail(rail=rail[:64].replace("\0", ""), asset=asset.code)
    return found
