"""Look again at what was proven: a chain may have changed its mind."""

from collections import Counter
from datetime import timedelta
from time import monotonic
from typing import Final

from django.utils import timezone

from affiliates.models import Settlement
from affiliates.queries.receipts import asked_of, judge
from affiliates.states import RECOGNISED, SettlementSource

LOOKED_AT_FOR: Final = timedelta(days=14)
EVERY: Final = timedelta(hours=20)  # each night, whenever in it the task runs


def look_again(*, seconds_at_most: float) -> Counter[str]:
    """Ask the chains about the settlements of two weeks, outside of transactions, and keep what differs as verdict.

    Nothing is booked back by itself: a difference is a finding, and people decide.
    """
    came: Counter[str] = Counter()
    ends, begun = monotonic() + seconds_at_most, timezone.now()
    while monotonic() < ends:
        settlement = (
            Settlement.objects.filter(
                source=SettlementSource.CHAIN, state__in=RECOGNISED, verified_at__lte=begun - EVERY,
                confirmed_at__gte=begun - LOOKED_AT_FOR,
            )
            .select_related("asset", "member")
            .order_by("verified_at")
            .first()
        )  # fmt: skip
        if settlement is None:
            break
        verdict = judge(asked_of(settlement))
        stands = verdict.transfer is not None and verdict.transfer.position == settlement.position
        came["stands" if stands else "differs"] += 1
        Settlement.objects.filter(pk=settlement.pk).update(
            verified_at=timezone.now(), verdict="" if stands else f"Looked at again: {verdict.said}"[:500]
        )
    return came
