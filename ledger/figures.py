"""What posting counts about itself, for Prometheus."""

from typing import Final

from prometheus_client import Counter, Histogram

POSTINGS: Final = Counter("countinghouse_postings_total", "Postings asked for, by what came of them.", ["outcome"])
REFUSALS: Final = Counter("countinghouse_posting_refusals_total", "Postings refused, by the reason's code.", ["code"])
LOCKING: Final = Histogram(
    "countinghouse_posting_lock_seconds",
    "From asking for the locks of a batch to having read behind them.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
