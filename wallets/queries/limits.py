"""What one person may do alone."""

from decimal import Decimal

from identity.models import Program
from identity.queries.settings import setting
from ledger.models import Asset
from ledger.money import ZERO
from ledger.states import AssetKind


def adjustable_alone(program: Program, asset: Asset) -> Decimal:
    """Return how much of ``asset`` one person may adjust in a wallet within a day.

    A limit is an amount of points, or of the program's own currency; of other money and tokens it would mean anything,
    so those always take two.
    """
    limit = ZERO
    if asset.kind == AssetKind.POINTS:
        limit = setting("wallets.adjusted_alone_points", program)
    elif asset.code == program.default_asset_code:
        limit = setting("wallets.adjusted_alone", program)
    return limit
