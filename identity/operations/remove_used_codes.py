"""Forget one-time codes that no app shows any more."""

from datetime import datetime

from identity import rules
from identity.models import UsedCode
from identity.operations.sweep import sweep


def remove_used_codes(*, at: datetime) -> int:
    """Remove used codes once they could not be used again anyway, and return how many."""
    return sweep(UsedCode.objects.filter(used_at__lt=at - rules.CODE_REMEMBERED))
