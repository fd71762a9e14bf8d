"""The worker clusters of all queues, and what they hold."""

import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import OrmQ, Success
from django_q.signing import BadSignature, SignedPackage
from django_q.tasks import async_task

from config.background.clusters import HEARTBEAT_TASK
from config.background.queues import WORKERS_BY_QUEUE
from config.environment import BASE_DIR
from tests.crash.servers import kill, processes_of, until, variables

# Which queue a task goes to is django-q2's business; that each broker keeps them apart takes no more than three to see.
QUEUES = {"database": list(WORKERS_BY_QUEUE), "redis": ["settlements", "payouts", "notifications"]}
MAX_ATTEMPTS = 3
RETRY_SECONDS = 4
# The environment asks for a time-out well before the retry; the tests' own tasks bring a longer one.
TIMEOUT_SECONDS = 1
TASK_SECONDS_LIMIT = 20


class Journal:
    """What a task wrote down."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / uuid4().hex
        self.gate = folder / f"{self.path.name}.gate"

    @property
    def lines(self) -> list[str]:
        return self.path.read_text().split() if self.path.exists() else []

    @property
    def pids(self) -> list[int]:
        return [int(line) for line in self.lines if line != "done"]


class Cluster:
    """The workers of one queue."""

    def __init__(self, name: str, *, folder: Path, environment: dict[str, str]) -> None:
        self.log = folder / f"{name}-{uuid4().hex[:6]}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(BASE_DIR / "manage.py"), "worker", name],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def members(self) -> set[int]:
        return processes_of(self.process.pid)

    def said(self, words: str) -> bool:
        """Tell whether the words are in its log."""
        return words in self.log.read_text()

    def end(self) -> None:
        """Kill all of it."""
        kill(*self.members)
        self.process.wait()


class Fleet:
    """One cluster for each queue; a test that ends one leaves it to the next to start it again."""

    def __init__(self, *, broker: str, folder: Path, database: str, redis: str) -> None:
        self.broker = broker
        self.folder = folder
        self.environment = variables(
            DATABASE_URL=database,
            REDIS_URL=redis,
            VAR_DIR=str(folder),
            TASK_BROKER=broker,
            TASK_RETRY_SECONDS=str(RETRY_SECONDS),
            TASK_TIMEOUT_SECONDS=str(TIMEOUT_SECONDS),
            TASK_MAX_ATTEMPTS=str(MAX_ATTEMPTS),
            WORKERS_PER_QUEUE="2",
        )
        self.clusters: dict[str, Cluster] = {}
        self.started: list[Cluster] = []
        self.doomed: dict[str, tuple[str, Journal]] = {}

    def start(self, name: str) -> Cluster:
        """Start the workers of a queue."""
        # With the supervisor's variables, except that one is started as an operator's unit file would.
        supervised = {"Q_CLUSTER_NAME": name, "COUNTINGHOUSE_PROCESS": f"worker:{name}", "DB_POOL": "0"}
        environment = {**self.environment, **(supervised if name != "notifications" else {})}
        self.clusters[name] = Cluster(name, folder=self.folder, environment=environment)
        self.started.append(self.clusters[name])
        return self.clusters[name]

    def send_doomed(self, work: str, *, queue: str) -> None:
        """Send a task that won't ever succeed."""
        journal = Journal(self.folder)
        self.doomed[work] = (send(work, str(journal.path), queue=queue), journal)

    def running(self, name: str) -> Cluster:
        """Return the workers of a queue, started if they are not there, once they have done their first heartbeat."""
        cluster = self.clusters.get(name)
        if cluster is None or cluster.process.poll() is not None:
            cluster = self.start(name)
        until(lambda: cluster.said(f"Processed '{HEARTBEAT_TASK}'"), f"{name} works")
        return cluster

    def end(self) -> None:
        """Kill everything."""
        for cluster in self.started:
            cluster.end()


def send(work: str, *arguments: str, queue: str) -> str:
    """Send one of the tests' tasks."""
    options = {"cluster": queue, "timeout": TASK_SECONDS_LIMIT}
    return str(async_task(f"tests.crash.worker_tasks.{work}", *arguments, q_options=options))


def _payloads(queue: str) -> list[str]:
    if not Conf.ORM:
        broker = get_broker(queue)
        return [fields["payload"] for _, fields in broker.connection.xrange(broker.stream_key)]
    return list(OrmQ.objects.filter(key=queue).values_list("payload", flat=True))


def _read(payload: str) -> str:
    try:
        task: dict[str, Any] = SignedPackage.loads(payload)
    except BadSignature:
        return payload
    return "" if task["func"] == HEARTBEAT_TASK else str(task["id"])


def held_in(queue: str) -> list[str]:
    """List the tasks a queue holds, waiting or running, in one look; heartbeats come and go and are left out."""
    return [name for name in map(_read, _payloads(queue)) if name]


def dead_in(queue: str) -> list[str]:
    """List the dead letters of a queue on Redis."""
    broker = get_broker(queue)
    return [_read(fields["payload"]) for _, fields in broker.connection.xrange(broker.dead_key)]


def success_of(task: str) -> Any:
    """Return the task's result, once it has succeeded."""
    return until(lambda: Success.objects.filter(id=task).first(), f"task {task} succeeded")
