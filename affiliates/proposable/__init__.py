"""What two people decide about affiliates: rates of a tier or an affiliate, and large adjustments."""

from affiliates.proposable import adjustments, rates
from affiliates.proposable.adjustments import propose_commission_adjustment

__all__ = ("propose_commission_adjustment", "register")


def register() -> None:
    """Let these be proposed."""
    adjustments.register()
    rates.register()
