"""Figures for Prometheus: requests from this process, queues and workers from the database."""

import hmac
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from affiliates.queries.figures import Counted
from affiliates.queries.figures import totals as earned_in_all
from audit.models import Seal
from audit.queries.tailing import MOST_COUNTED, waiting
from audit.sources import registered_sources
from config.api.errors import NotPermitted, refusal_response
from config.background.clusters import cluster_states
from config.backup.outcomes import protection
from config.web.payout_metrics import Payouts
from config.web.proxy import is_loopback
from ledger.queries.intents import progress, tallies
from ledger.queries.verification import totals

BOOKS_ASKED_EVERY_SECONDS = 60


class Seals(Collector):
    """How old the last seal is, and what waits for the next one."""

    def collect(self) -> Iterator[Metric]:
        age = GaugeMetricFamily("countinghouse_seal_age_seconds", "Since the last seal was made.")
        unsealed = GaugeMetricFamily(
            "countinghouse_unsealed_rows", f"Rows no seal covers yet; counted up to {MOST_COUNTED}.", labels=["source"]
        )
        oldest = GaugeMetricFamily(
            "countinghouse_unsealed_oldest_seconds", "How long the oldest unsealed row has waited.", labels=["source"]
        )
        now = timezone.now()
        with suppress(DatabaseError):  # the other collector says that it is away
            head = Seal.objects.head()
            if head:
                age.add_metric([], (now - head.sealed_at).total_seconds())
            for source in registered_sources():
                line = waiting(source)
                unsealed.add_metric([line.source], line.count)
                waited = max(0.0, (now - line.oldest_at).total_seconds()) if line.oldest_at else 0
                oldest.add_metric([line.source], waited)
        yield from (age, unsealed, oldest)

    def describe(self) -> list[Metric]:
        return []


class Backups(Collector):
    """How old the last backup and drill are, and whether the write-ahead log is archived."""

    def collect(self) -> Iterator[Metric]:
        backup = GaugeMetricFamily("countinghouse_backup_age_seconds", "Since the last backup was taken.")
        drill = GaugeMetricFamily("countinghouse_restore_drill_age_seconds", "Since the last restore drill ended.")
        passed = GaugeMetricFamily("countinghouse_restore_drill_passed", "1 when the last restore drill passed.")
        failing = GaugeMetricFamily(
            "countinghouse_wal_archive_failing", "1 when the last attempt to archive WAL failed."
        )
        waiting = GaugeMetricFamily("countinghouse_wal_archive_waiting_bytes", "WAL that is not archived yet.")
        now = timezone.now()
        with suppress(DatabaseError):  # the other collector says that it is away
            state = protection()
            if state.backup:
                backup.add_metric([], (now - state.backup.at).total_seconds())
            if state.drill:
                drill.add_metric([], (now - state.drill.at).total_seconds())
                passed.add_metric([], int(state.drill_passed))
            if state.archiver.is_on:
                failing.add_metric([], int(state.archiver.is_failing))
                waiting.add_metric([], state.archiver.waiting_bytes)
        yield from (backup, drill, passed, failing, waiting)

    def describe(self) -> list[Metric]:
        return []


class BackgroundWork(Collector):
    """Queue depth, the age of the oldest task and the last heartbeat of each cluster, read at every scrape."""

    def collect(self) -> Iterator[Metric]:
        depth = GaugeMetricFamily("countinghouse_queue_depth", "Tasks that wait or run.", labels=["queue"])
        age = GaugeMetricFamily(
            "countinghouse_queue_oldest_seconds", "How long the oldest task has waited.", labels=["queue"]
        )
        heartbeat = GaugeMetricFamily(
            "countinghouse_worker_heartbeat_age_seconds", "Since a worker last finished a heartbeat.", labels=["queue"]
        )
        reachable = GaugeMetricFamily("countinghouse_database_up", "1 when the database answered this scrape.")
        now = timezone.now()
        try:
            for state in cluster_states(now=now):
                if state.depth is not None:
                    depth.add_metric([state.queue], state.depth)
                if state.oldest_seconds is not None:
                    age.add_metric([state.queue], state.oldest_seconds)
                if state.heartbeat_at is not None:
                    heartbeat.add_metric([state.queue], (now - state.heartbeat_at).total_seconds())
            reachable.add_metric([], 1)
        except DatabaseError:
            reachable.add_metric([], 0)
        yield from (depth, age, heartbeat, reachable)

    def describe(self) -> list[Metric]:
        return []  # or registering would ask the database before there is one


class Intents(Collector):
    """How many intents of each kind have no outcome yet, how old the oldest is, and what came of all attempts."""

    def collect(self) -> Iterator[Metric]:
        attempts = CounterMetricFamily(
            "countinghouse_intents", "Attempts by what came of them.", labels=["kind", "outcome"]
        )
        depth = GaugeMetricFamily("countinghouse_intents_depth", "Intents by state.", labels=["kind", "state"])
        oldest = GaugeMetricFamily(
            "countinghouse_intents_oldest_seconds", "How old the oldest without an outcome is.", labels=["kind"]
        )
        with suppress(DatabaseError):  # the other collector says that it is away
            for kind, outcome, count in tallies():
                attempts.add_metric([kind, outcome.lower()], count)
            now = timezone.now()
            for each in progress():
                states = {"pending": each.waiting, "locked": each.under_way, "failed": each.failed, "dead": each.dead}
                for state, count in states.items():
                    depth.add_metric([each.kind, state], count)
                age = (now - each.oldest_at).total_seconds() if each.oldest_at else 0
                oldest.add_metric([each.kind], max(0.0, age))
        yield from (attempts, depth, oldest)

    def describe(self) -> list[Metric]:
        return []


class Books(Collector):
    """How far each asset is out of balance over all programs: always 0. Asked once a minute, however often scraped."""

    def __init__(self) -> None:
        self._asked_at: float | None = None
        self._imbalance: dict[str, float] = {}

    def collect(self) -> Iterator[Metric]:
        gauge = GaugeMetricFamily(
            "countinghouse_ledger_imbalance", "Sum over all balances; 0 unless broken.", labels=["asset"]
        )
        if self._asked_at is None or time.monotonic() - self._asked_at > BOOKS_ASKED_EVERY_SECONDS:
            with suppress(DatabaseError):  # the other collector says that it is away
                self._imbalance = {}
                for total in totals():
                    known = self._imbalance.get(total.asset, 0)
                    self._imbalance[total.asset] = known + abs(_roughly(total.imbalance))
                self._asked_at = time.monotonic()
        for asset, imbalance in self._imbalance.items():
            gauge.add_metric([asset], imbalance)
        yield gauge

    def describe(self) -> list[Metric]:
        return []


class Earnings(Collector):
    """What members have settled, and where what was earned from it stands. Asked once a minute, as the books are."""

    def __init__(self) -> None:
        self._asked_at: float | None = None
        self._totals: list[Counted] = []

    def collect(self) -> Iterator[Metric]:
        volume = GaugeMetricFamily(
            "countinghouse_settlements_volume", "What settlements come to, without what was reversed.", labels=["asset"]
        )
        count = GaugeMetricFamily("countinghouse_settlements", "Settlements in the books.", labels=["asset"])
        earned = GaugeMetricFamily(
            "countinghouse_commissions", "What commissions come to.", labels=["type", "state", "asset"]
        )
        if self._asked_at is None or time.monotonic() - self._asked_at > BOOKS_ASKED_EVERY_SECONDS:
            with suppress(DatabaseError):  # the other collector says that it is away
                self._totals = earned_in_all()
                self._asked_at = time.monotonic()
        for what, asset, many, much in self._totals:
            kind, _, state = what.partition(":")
            if state:
                earned.add_metric([kind.lower(), state.lower(), asset], _roughly(much))
            else:
                volume.add_metric([asset], _roughly(much))
                count.add_metric([asset], many)
        yield from (volume, count, earned)

    def describe(self) -> list[Metric]:
        return []


def _roughly(amount: Decimal) -> float:
    """Return an amount as Prometheus keeps numbers: good for a chart, and for no books."""
    return int(amount * 10**18) / 10**18


def install() -> None:
    """Register the collectors; process figures of libraries are registered by themselves."""
    known = {type(collector) for collector in REGISTRY._collector_to_names}
    for collector in (BackgroundWork, Seals, Backups, Intents, Payouts):
        if collector not in known:
            REGISTRY.register(collector())
    for remembering in (_books, _earnings):
        if type(remembering) not in known:
            REGISTRY.register(remembering)


# One of each for the life of the process: they remember when they last asked.
_books = Books()
_earnings = Earnings()


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer a scrape: from this machine, or with a service key."""
    if not (is_loopback(request) or _has_admin_key(request)):
        return refusal_response(request, NotPermitted())
    registry: CollectorRegistry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        registry.register(BackgroundWork())
        registry.register(Seals())
        registry.register(Intents())
        registry.register(Payouts())
        registry.register(_books)
        registry.register(_earnings)
        registry.register(Backups())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _has_admin_key(request: HttpRequest) -> bool:
    sent = request.headers.get("X-Admin-Key", "").encode()
    # Every key is compared, and in constant time, so that the answer's delay says nothing.
    matches = [hmac.compare_digest(sent, key.encode()) for key in settings.ADMIN_KEYS]
    return any(matches)
