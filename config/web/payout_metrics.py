"""Figures of payouts for Prometheus, from the database."""

from collections.abc import Iterator
from contextlib import suppress

from django.db import DatabaseError
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from payouts.models import Brake
from payouts.queries.outcomes import outcomes, waits


class Payouts(Collector):
    """What came of attempts within a day, what is unknown and since when, and whether anything is stopped."""

    def collect(self) -> Iterator[Metric]:
        attempts = GaugeMetricFamily(
            "countinghouse_payout_attempts", "Attempts of the last day by state.", labels=["account", "state"]
        )
        unknown = GaugeMetricFamily(
            "countinghouse_payouts_unknown", "Attempts of which nobody knows the outcome.", labels=["account"]
        )
        oldest = GaugeMetricFamily(
            "countinghouse_payouts_unknown_oldest_seconds", "How old the oldest of these is.", labels=["account"]
        )
        took = GaugeMetricFamily(
            "countinghouse_payout_seconds", "From call to outcome, on average over a day.", labels=["account"]
        )
        stopped = GaugeMetricFamily("countinghouse_payouts_stopped", "Programs whose payouts are stopped.")
        now = timezone.now()
        with suppress(DatabaseError):  # another collector says that it is away
            for each in outcomes(at=now):
                attempts.add_metric([each.account, each.state.lower()], each.count)
            for one in waits(at=now):
                unknown.add_metric([one.account], one.unknown)
                oldest.add_metric([one.account], (now - one.oldest_at).total_seconds() if one.oldest_at else 0)
                if one.seconds is not None:
                    took.add_metric([one.account], one.seconds)
            stopped.add_metric([], Brake.objects.filter(is_on=True).count())
        yield from (attempts, unknown, oldest, took, stopped)

    def describe(self) -> list[Metric]:
        return []
