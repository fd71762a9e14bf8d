"""Open the accounts of what affiliates earn."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from affiliates.models import Affiliate, Purse
from affiliates.queries.people import one_of
from ledger.models import Asset
from ledger.operations import open_account

Owner = tuple[UUID, int]  # an affiliate and an asset


def open_purses(owners: Collection[Owner], *, at: datetime) -> dict[Owner, Purse]:
    """Return the purses of these affiliates and assets, those opened that were not there."""
    found = _known(owners)
    for affiliate_id, asset_id in sorted(set(owners) - set(found)):
        affiliate = Affiliate.objects.select_related("program").get(pk=affiliate_id)
        asset = Asset.objects.get(pk=asset_id)
        liability, reserved = (
            open_account(f"affiliate:{affiliate_id}:{part}", program=affiliate.program, asset_code=asset.code, at=at)
            for part in ("liability", "reserved")
        )
        # Of two who open it at once, one does: the accounts are the same.
        Purse.objects.bulk_create(
            [
                Purse(
                    program_id=affiliate.program_id, affiliate=affiliate, asset=asset, liability=liability,
                    reserved=reserved,
                )
            ],
            ignore_conflicts=True,
        )  # fmt: skip
    return found if len(found) == len(set(owners)) else _known(owners)


def _known(owners: Collection[Owner]) -> dict[Owner, Purse]:
    purses = Purse.objects.filter(one_of("affiliate", {affiliate_id for affiliate_id, _ in owners})).order_by()
    known = {(purse.affiliate_id, purse.asset_id): purse for purse in purses}
    return {owner: known[owner] for owner in owners if owner in known}
