"""Count that somebody followed a referral link."""

from datetime import datetime

from affiliates import rules
from affiliates.models import Affiliate, Click


def note_click(affiliate: Affiliate, *, visitor: str, campaign: str = "", at: datetime) -> bool:
    """Count it, unless the same visitor followed the link a moment ago; return whether it counted.

    ``visitor`` is a digest that is the same for the same browser on the same day, and says nothing of whose it is.
    """
    since = at - rules.CLICK_COUNTS_EVERY
    if Click.objects.filter(affiliate=affiliate, visitor=visitor, at__gt=since).exists():
        return False
    Click.objects.create(
        program_id=affiliate.program_id, affiliate=affiliate, at=at, visitor=visitor, campaign=campaign[:40]
    )
    return True
