"""What posting counts about itself, for Prometheus."""

from collections import Counter as Tally
from collections.abc import Iterable
from typing import Final

from prometheus_client import Counter, Histogram

from ledger.errors import PostingRefused
from ledger.movements import Booked

POSTINGS: Final = Counter("countinghouse_postings_total", "Postings asked for, by what came of them.", ["outcome"])
_CAME: Final = {name: POSTINGS.labels(name) for name in ("booked", "replayed", "refused")}
REFUSALS: Final = Counter("countinghouse_posting_refusals_total", "Postings refused, by the reason's code.", ["code"])
LOCKING: Final = Histogram(
    "countinghouse_posting_lock_seconds",
    "From asking for the locks of a batch to having read behind them.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def count(outcomes: Iterable[Booked | PostingRefused]) -> None:
    """Count what came of a batch, each kind of it once."""
    came: Tally[str] = Tally()
    for outcome in outcomes:
        if isinstance(outcome, Booked):
            came["replayed" if outcome.is_replay else "booked"] += 1
        else:
            came["refused"] += 1
            REFUSALS.labels(outcome.code).inc()
    for name, times in came.items():
        _CAME[name].inc(times)
