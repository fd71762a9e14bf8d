"""What the books say an affiliate has."""

from decimal import Decimal

from django.db.models import F

from affiliates.models import Affiliate, Purse
from ledger.money import ZERO, exactly


def open_balances(affiliate: Affiliate) -> list[tuple[str, Decimal]]:
    """Return what is earned and not paid, with what is in payouts, by asset, where it is not nothing."""
    rows = (
        Purse.objects.filter(affiliate=affiliate)
        .annotate(earned=F("liability__balances__amount"), in_payouts=F("reserved__balances__amount"))
        .values_list("asset__code", "earned", "in_payouts")
    )
    with exactly():
        sums = [(asset, (earned or ZERO) + (in_payouts or ZERO)) for asset, earned, in_payouts in rows]
    return [(asset, amount) for asset, amount in sums if amount]
