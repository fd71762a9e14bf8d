"""Claims and settlements, and what is known of the assets that they are in."""

from uuid import UUID

from affiliates.errors import NotThisAsset, UnknownClaim, UnknownSettlement
from affiliates.models import Claim, Settlement
from identity.models import Program
from identity.proofs import checksummed
from ledger.models import Asset
from ledger.states import AssetKind
from wallets.models import RailAccount
from wallets.rails.evm import EVM
from wallets.states import RailAccountState


def settled_asset(code: str) -> Asset:
    """Return an asset that settlements can be in: money or a token, never points of our own.

    :raises NotThisAsset: if it is none.
    """
    found = Asset.objects.filter(code=code.replace("\0", "")).exclude(kind=AssetKind.POINTS).first()
    if found is None:
        raise NotThisAsset(asset=code[:40].replace("\0", ""))
    return found


def locked_settlement(settlement_id: UUID, *, program_id: UUID) -> Settlement:
    """Return a settlement of the program with its lock.

    :raises UnknownSettlement: if it has no such.
    """
    found = (
        Settlement.objects.locked()
        .filter(pk=settlement_id, program=program_id)
        .select_related("asset", "program", "member")
        .first()
    )
    if found is None:
        raise UnknownSettlement(settlement=settlement_id)
    return found


def locked_claim(claim_id: UUID, *, program_id: UUID) -> Claim:
    """Return a claim of the program with its lock.

    :raises UnknownClaim: if it has no such.
    """
    found = (
        Claim.objects.locked()
        .filter(pk=claim_id, program=program_id)
        .select_related("member", "asset", "program", "settlement")
        .first()
    )
    if found is None:
        raise UnknownClaim(claim=claim_id)
    return found


def settlement_of_claim(claim_id: UUID, *, program_id: UUID) -> Settlement | None:
    """Return what a claim would settle, with its lock: settlements are locked before their claims."""
    return Settlement.objects.locked().filter(claim=claim_id, program=program_id).first()


def places_to_pay(program: Program) -> list[tuple[int, str, str]]:
    """Return where a payment to the program is seen: the chain, the asset's code, and the address it has to reach."""
    accounts = RailAccount.objects.filter(program=program, rail=EVM.name, state=RailAccountState.ACTIVE).order_by(
        "number", "name"
    )
    known = set(Asset.objects.exclude(kind=AssetKind.POINTS).values_list("code", flat=True))
    found = []
    for account in accounts:
        chain, _, address = account.number.partition(":")
        found += [(int(chain), code, checksummed(address)) for code in sorted(account.assets) if code in known]
    return found
