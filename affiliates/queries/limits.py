"""What one person may do alone."""

from decimal import Decimal

from identity.models import Program
from identity.queries.settings import setting
from ledger.models import Asset
from ledger.money import ZERO


def adjustable_alone(program: Program, asset: Asset) -> Decimal:
    """Return how much of ``asset`` one person may adjust for an affiliate within a day.

    A limit is an amount of the program's own currency; of anything else it would mean anything, so that takes two.
    """
    limit: Decimal = setting("affiliates.adjusted_alone", program)
    return limit if asset.code == program.default_asset_code else ZERO


def paid_at_least(program: Program, asset_code: str) -> Decimal:
    """Return how much of the asset has to be due before an affiliate is paid: a limit of the program's own currency."""
    limit: Decimal = setting("affiliates.paid_at_least", program)
    return limit if asset_code == program.default_asset_code else ZERO
