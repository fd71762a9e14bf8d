"""What is known of the worker clusters: how much waits, and when each last proved that it works."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Max, Min
from django_q.brokers import get_broker
from django_q.models import OrmQ, Success

HEARTBEAT_TASK = "config.background.tasks.heartbeat"
# A heartbeat is sent every minute and the queue looks at its schedules every half minute.
HEARTBEAT_LATE_SECONDS = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterState:
    """One queue and its workers."""

    queue: str
    depth: int | None
    oldest_seconds: float | None  # None: nothing waits, or the broker does not tell
    heartbeat_at: datetime | None

    def is_alive(self, *, now: datetime) -> bool:
        """Whether a worker proved lately that it works."""
        return self.heartbeat_at is not None and (now - self.heartbeat_at).total_seconds() < HEARTBEAT_LATE_SECONDS


def cluster_states(*, now: datetime) -> list[ClusterState]:
    """Return the state of every queue, in the order they are declared."""
    queues = list(settings.Q_CLUSTER["ALT_CLUSTERS"])
    heartbeats = dict(
        Success.objects.filter(func=HEARTBEAT_TASK, cluster__in=queues)
        .values("cluster")
        .annotate(last=Max("stopped"))
        .values_list("cluster", "last")
    )
    depths, oldest = _waiting(queues, now=now)
    return [
        ClusterState(
            queue=queue,
            depth=depths.get(queue, 0) if depths is not None else None,
            oldest_seconds=oldest.get(queue),
            heartbeat_at=heartbeats.get(queue),
        )
        for queue in queues
    ]


def _waiting(queues: list[str], *, now: datetime) -> tuple[dict[str, int] | None, dict[str, float]]:
    if "orm" not in settings.Q_CLUSTER:
        try:
            return {queue: get_broker(queue).queue_size() for queue in queues}, {}
        except OSError:
            return None, {}
    waiting = OrmQ.objects.filter(key__in=queues).values("key").annotate(depth=Count("id"), since=Min("lock"))
    depths = {row["key"]: row["depth"] for row in waiting}
    # `lock` is when a task becomes due: the moment it was sent, or later once a worker holds it.
    ages = {row["key"]: (now - row["since"]).total_seconds() for row in waiting if row["since"]}
    return depths, {queue: age for queue, age in ages.items() if age > 0}
