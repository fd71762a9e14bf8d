"""How far intents have come."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Min, Q

from ledger.kinds import kind_names, label_of
from ledger.models import Intent, IntentQuerySet, IntentTally
from ledger.states import IntentState


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What of one kind is not completed."""

    kind: str
    waiting: int
    under_way: int
    failed: int
    dead: int
    oldest_at: datetime | None  # when the oldest was created that has no outcome

    @property
    def label(self) -> str:
        """What people call the kind."""
        return label_of(self.kind)

    @property
    def depth(self) -> int:
        """How many have no outcome."""
        return self.waiting + self.under_way + self.failed


def progress(intents: IntentQuerySet | None = None) -> list[Progress]:
    """Return how far ``intents`` are, or all of them, kind by kind; kinds of which nothing is open included.

    What is completed is not counted: it grows for ever, and nobody waits for it.
    """
    rows = Intent.objects.all() if intents is None else intents
    open_ = ~Q(state=IntentState.DEAD)
    counted: dict[str, Any] = {
        row["kind"]: row
        for row in rows.filter(~Q(state=IntentState.COMPLETED))
        .order_by()
        .values("kind")
        .annotate(
            waiting=Count("pk", filter=Q(state=IntentState.PENDING)),
            under_way=Count("pk", filter=Q(state=IntentState.LOCKED)),
            failed=Count("pk", filter=Q(state=IntentState.FAILED)),
            dead=Count("pk", filter=Q(state=IntentState.DEAD)),
            oldest_at=Min("created_at", filter=open_),
        )
    }
    nothing = {"waiting": 0, "under_way": 0, "failed": 0, "dead": 0, "oldest_at": None}
    return [
        Progress(**{**nothing, "kind": kind, **counted.get(kind, {})}) for kind in sorted({*kind_names(), *counted})
    ]


def tallies() -> list[tuple[str, str, int]]:
    """Return kind, outcome and how many attempts ever came out so."""
    return list(IntentTally.objects.order_by("kind", "outcome").values_list("kind", "outcome", "count"))


def database_now() -> datetime:
    """Return the time by the clock that leases and waits are told by."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
