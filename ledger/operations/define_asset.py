"""Say what an asset is."""

from django.core.exceptions import ValidationError
from django.db import transaction

from ledger.errors import AssetExists, BadAsset
from ledger.models import Asset
from ledger.states import AssetKind


@transaction.atomic
def define_asset(
    code: str, *, name: str, kind: AssetKind, scale: int, payable_scale: int | None = None, symbol: str = "",
    chain_id: int | None = None, contract: str = "",
) -> Asset:  # fmt: skip
    """Define an asset, or return it when it is defined already in the same words. It never changes afterwards.

    :raises BadAsset: if it makes no sense.
    :raises AssetExists: if it is defined already, and differently.
    """
    wanted = Asset(
        code=code, name=name, symbol=symbol, kind=kind, scale=scale,
        payable_scale=scale if payable_scale is None else payable_scale, chain_id=chain_id, contract=contract.lower(),
    )  # fmt: skip
    try:
        wanted.full_clean(validate_unique=False, exclude=("id",))
    except ValidationError as unfit:
        raise BadAsset(asset=code, reason="; ".join(unfit.messages)) from unfit
    Asset.objects.bulk_create([wanted], ignore_conflicts=True)

    asset = Asset.objects.get(code=code)
    fields = ("name", "symbol", "kind", "scale", "payable_scale", "chain_id", "contract")
    differing = [field for field in fields if getattr(asset, field) != getattr(wanted, field)]
    if differing:
        raise AssetExists(asset=code, fields=", ".join(differing))
    return asset
