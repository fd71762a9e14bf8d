"""What came of attempts lately, rail account by rail account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Avg, Count, F, Min

from payouts.models import Attempt
from payouts.states import AttemptState

LATELY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How many attempts from an account are in a state, of those that were made or settled within a day."""

    account: str
    state: str
    count: int


@dataclass(frozen=True, slots=True)
class Waits:
    """How many attempts from an account nobody knows the outcome of, since when, and how long the others took."""

    account: str
    unknown: int
    oldest_at: datetime | None
    seconds: float | None  # from the call to the outcome, on average within a day


def outcomes(*, at: datetime) -> Sequence[Outcomes]:
    """Return what came of attempts within a day."""
    rows = (
        Attempt.objects.filter(stored_at__gt=at - LATELY)
        .order_by()
        .values_list("rail_account__name", "state")
        .annotate(count=Count("pk"))
    )
    return [Outcomes(name, state, count) for name, state, count in sorted(rows)]


def waits(*, at: datetime) -> Sequence[Waits]:
    """Return what is unknown, and how long outcomes took, of every account that has tried something lately."""
    unknown = {
        name: (count, oldest)
        for name, count, oldest in Attempt.objects.filter(state=AttemptState.UNKNOWN)
        .order_by()
        .values_list("rail_account__name")
        .annotate(count=Count("pk"), oldest=Min("stored_at"))
    }
    took = dict(
        Attempt.objects.filter(settled_at__gt=at - LATELY, called_at__isnull=False)
        .order_by()
        .values_list("rail_account__name")
        .annotate(took=Avg(F("settled_at") - F("called_at")))
    )
    return [
        Waits(name, *unknown.get(name, (0, None)), took[name].total_seconds() if name in took else None)
        for name in sorted({*unknown, *took})
    ]
