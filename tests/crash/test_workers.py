"""Real clusters on both brokers, and what is left of a task when a process, a server or a transaction dies."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import Failure, OrmQ, Schedule, Success
from django_q.scheduler import scheduler
from redis.exceptions import ConnectionError as RedisConnectionError

from config.postgres.connection import DATABASE_NAME
from config.postgres.embedded import EmbeddedPostgres
from tests.crash.fleet import (
    MAX_ATTEMPTS,
    QUEUES,
    RETRY_SECONDS,
    Cluster,
    Fleet,
    Journal,
    dead_in,
    held_in,
    send,
    success_of,
)
from tests.crash.servers import (
    PATIENCE_SECONDS,
    RedisServer,
    database_at,
    kill,
    kill_postmaster,
    open_folder,
    run_python,
    until,
)

pytestmark = pytest.mark.xdist_group("workers")

ORPHAN_SECONDS_LIMIT = 2

# With the scope of the fixture, so that pytest runs all tests of a broker on one fleet.
database_only = pytest.mark.parametrize("broker_name", ["database"], indirect=True, scope="module")
redis_only = pytest.mark.parametrize("broker_name", ["redis"], indirect=True, scope="module")


@pytest.fixture(scope="module")
def postgres(django_db_blocker: Any) -> Iterator[EmbeddedPostgres]:
    """A database server that may be killed, and Django's eyes on it. What is written is seen by other processes."""
    with open_folder() as folder, django_db_blocker.unblock():
        server = EmbeddedPostgres(folder / "postgres", options=("fsync=off",))
        server.acquire()
        server.ensure_database(DATABASE_NAME)
        url = server.url(DATABASE_NAME)
        migrated = run_python("manage.py", "migrate", "--no-input", DATABASE_URL=url, VAR_DIR=str(folder))
        assert migrated.returncode == 0, migrated.stderr
        with database_at(url):
            yield server
        server.release()


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    server = RedisServer()
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module", params=["database", "redis"])
def broker_name(request: pytest.FixtureRequest, postgres: EmbeddedPostgres, redis_server: RedisServer) -> Iterator[str]:
    """Send tasks through the broker under test."""
    brokers: dict[str, dict[str, Any]] = {
        "database": {"BROKER_CLASS": "config.background.database_broker.DatabaseBroker", "ORM": "default"},
        "redis": {
            "BROKER_CLASS": "config.background.redis_streams.RedisStreamBroker",
            "ORM": None,
            "REDIS": redis_server.url,
        },
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**brokers[request.param], "MAX_ATTEMPTS": MAX_ATTEMPTS, "RETRY": RETRY_SECONDS}.items():
            patch.setattr(Conf, name, value)
        yield request.param


@pytest.fixture(scope="module")
def fleets(
    postgres: EmbeddedPostgres, redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Fleet]]:
    """The workers of both brokers, started together: while the tests of one wait, those of the other come up."""
    fleets = {
        broker: Fleet(
            broker=broker,
            folder=tmp_path_factory.mktemp(broker),
            database=postgres.url(DATABASE_NAME),
            redis=redis_server.url,
        )
        for broker in QUEUES
    }
    for broker, fleet in fleets.items():
        for name in QUEUES[broker]:
            fleet.start(name)
    yield fleets
    for fleet in fleets.values():
        fleet.end()


@pytest.fixture(scope="module")
def fleet(broker_name: str, fleets: dict[str, Fleet]) -> Fleet:
    # These need several retries to come to their end; the tests run meanwhile. The database broker hands out a task
    # that kills its worker for ever, so there is no end to wait for.
    fleets[broker_name].send_doomed("break_down", queue="notifications")
    if broker_name == "redis":
        fleets[broker_name].send_doomed("kill_worker", queue="settlements")
    return fleets[broker_name]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path)


@pytest.fixture
def unattended(broker_name: str) -> Iterator[Any]:
    """A queue on which nobody works."""
    broker = get_broker("unattended")
    broker.purge_queue()
    yield broker
    broker.delete_queue()


@pytest.fixture
def hourly(unattended: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A schedule of the queue on which nobody works, due now."""
    monkeypatch.setattr(Conf, "CLUSTER_NAME", "unattended")
    schedule = Schedule.objects.create(
        func="tests.crash.worker_tasks.record",
        args=repr((str(tmp_path / "scheduled"),)),
        schedule_type=Schedule.HOURLY,
        next_run=timezone.now(),
        cluster="unattended",
    )
    yield schedule
    schedule.delete()


def eventually(condition: Any, what: str) -> Any:
    return until(condition, what)


def send_beside_a_row(path: str) -> None:
    OrmQ.objects.create(key="beside", payload="")
    send("record", path, queue="unattended")


def test_a_task_runs_in_the_workers_of_its_own_queue(fleet: Fleet, tmp_path: Path) -> None:
    sent = {queue: send("record", str(tmp_path / queue), queue=queue) for queue in fleet.clusters}

    results = {queue: success_of(task) for queue, task in sent.items()}

    assert {queue: row.cluster for queue, row in results.items()} == {queue: queue for queue in fleet.clusters}
    for queue, row in results.items():
        assert row.result["queue"] == queue
        assert row.result["pid"] in fleet.clusters[queue].members
        assert (tmp_path / queue).read_text().split() == [str(row.result["pid"])]


def test_a_task_runs_again_when_its_worker_is_killed(fleet: Fleet, journal: Journal) -> None:
    cluster = fleet.running("payouts")
    task = send("wait_at_gate", str(journal.path), str(journal.gate), queue="payouts")
    [victim] = eventually(lambda: journal.pids, "the task started")
    assert victim in cluster.members

    kill(victim)
    eventually(lambda: len(journal.pids) == 2, "the task started again")
    journal.gate.touch()

    assert success_of(task).result == journal.pids[1] != victim
    assert cluster.process.poll() is None


def test_a_killed_cluster_leaves_no_process_and_loses_no_task(fleet: Fleet, journal: Journal) -> None:
    cluster = fleet.running("payouts")
    task = send("wait_at_gate", str(journal.path), str(journal.gate), queue="payouts")
    eventually(lambda: journal.pids, "the task started")
    # Parent, sentinel, worker, pusher, monitor.
    assert len(cluster.members) >= 5

    cluster.process.kill()
    cluster.process.wait()
    until(lambda: not cluster.members, "every process of the cluster is gone", seconds=ORPHAN_SECONDS_LIMIT)
    assert "done" not in journal.lines
    journal.gate.touch()
    successor = fleet.start("payouts")

    assert success_of(task).result in successor.members
    assert len(journal.pids) == 2


def first_worker_of(cluster: Cluster) -> int:
    ready = next(line for line in cluster.log.read_text().splitlines() if "ready for work at" in line)
    return int(ready.partition("ready for work at ")[2].partition('"')[0])


def test_a_cluster_whose_idle_worker_is_killed_ends_and_its_successor_works(fleet: Fleet, journal: Journal) -> None:
    cluster = fleet.running("payouts")
    # A worker that is at work holds no lock: its death ends nobody else.
    eventually(lambda: not OrmQ.objects.filter(key="payouts").exists(), "the queue is empty")

    kill(first_worker_of(cluster))
    cluster.process.wait(PATIENCE_SECONDS)
    until(lambda: not cluster.members, "every process of the cluster is gone", seconds=ORPHAN_SECONDS_LIMIT)
    successor = fleet.start("payouts")

    assert success_of(send("record", str(journal.path), queue="payouts")).result["pid"] in successor.members


def test_a_cluster_told_to_stop_right_after_its_idle_worker_was_killed_ends_all_the_same(fleet: Fleet) -> None:
    cluster = fleet.running("payouts")
    eventually(lambda: not OrmQ.objects.filter(key="payouts").exists(), "the queue is empty")

    # As when the supervisor is killed next: the loss of the lock is not noticed yet, and nobody else is there to act.
    kill(first_worker_of(cluster))
    cluster.process.terminate()

    until(lambda: not cluster.members, "every process of the cluster is gone", seconds=60)


def test_a_worker_told_to_stop_finishes_what_it_runs(fleet: Fleet, journal: Journal, tmp_path: Path) -> None:
    cluster = fleet.running("payouts")
    task = send("wait_at_gate", str(journal.path), str(journal.gate), queue="payouts")
    eventually(lambda: journal.pids, "the task started")

    cluster.process.terminate()
    eventually(lambda: cluster.said("stopping cluster processes"), "the cluster heard")
    assert cluster.process.poll() is None
    assert "done" not in journal.lines
    journal.gate.touch()

    assert cluster.process.wait(PATIENCE_SECONDS) == 0
    assert len(journal.pids) == 1
    assert Success.objects.get(id=task).result == journal.pids[0]
    assert not cluster.members


def test_a_transaction_rolled_back_sends_nothing(unattended: Any, tmp_path: Path) -> None:
    with transaction.atomic():
        send("record", str(tmp_path / "never"), queue="unattended")
        transaction.set_rollback(True)

    assert held_in("unattended") == []


def test_a_transaction_sends_when_it_commits(unattended: Any, tmp_path: Path) -> None:
    with transaction.atomic():
        send("record", str(tmp_path / "once"), queue="unattended")
        assert connections["default"].in_atomic_block
        if not Conf.ORM:
            assert unattended.queue_size() == 0

    assert unattended.queue_size() == 1


def test_without_a_transaction_a_task_is_sent_at_once(unattended: Any, tmp_path: Path) -> None:
    send("record", str(tmp_path / "once"), queue="unattended")

    assert unattended.queue_size() == 1


def test_a_schedule_sends_one_task(unattended: Any, hourly: Any) -> None:
    scheduler(broker=unattended)
    scheduler(broker=unattended)

    hourly.refresh_from_db()
    assert unattended.queue_size() == 1
    assert hourly.next_run > timezone.now()


def test_a_failing_task_is_tried_three_times_and_no_more(fleet: Fleet) -> None:
    task, journal = fleet.doomed["break_down"]

    eventually(lambda: len(journal.pids) >= MAX_ATTEMPTS, "the last attempt")
    eventually(lambda: task not in held_in("notifications"), "the queue holds nothing that could be tried again")

    failure = Failure.objects.get(id=task)
    assert failure.attempt_count == len(journal.pids) == MAX_ATTEMPTS
    assert "the world is failing" in failure.result
    if fleet.broker == "redis":
        assert dead_in("notifications") == []


@redis_only
def test_a_task_that_kills_its_workers_ends_among_the_dead_letters(fleet: Fleet) -> None:
    task, journal = fleet.doomed["kill_worker"]
    broker = get_broker("settlements")

    eventually(broker.dead_size, "a dead letter")

    assert len(journal.pids) == len(set(journal.pids)) == MAX_ATTEMPTS
    assert (dead_in("settlements"), held_in("settlements")) == ([task], [])
    assert fleet.clusters["settlements"].said('"level": "error"')
    assert fleet.clusters["settlements"].said(f"moved to {broker.dead_key}: delivered {MAX_ATTEMPTS} times")


@redis_only
def test_a_message_that_cannot_be_read_is_set_aside(fleet: Fleet) -> None:
    fleet.running("settlements")
    broker = get_broker("settlements")
    before = dead_in("settlements")

    broker.enqueue("not signed by us")

    eventually(lambda: dead_in("settlements") == [*before, "not signed by us"], "a dead letter")
    assert "not signed by us" not in held_in("settlements")


@redis_only
def test_an_abandoned_message_is_found_behind_many_waiting_ones(
    unattended: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Conf, "POLL", 0.001)
    sent = [unattended.enqueue(f"task {number}") for number in range(60)]
    unattended.dequeue()
    while unattended.dequeue():
        pass
    assert (unattended.queue_size(), unattended.lock_size()) == (0, 60)
    # The last one was handed out long ago, the others just now.
    unattended.connection.xclaim(unattended.stream_key, "workers", "gone", 0, [sent[-1]], idle=RETRY_SECONDS * 1000)

    assert unattended.dequeue() == [(sent[-1], "task 59")]
    assert unattended.dequeue() is None


@redis_only
def test_a_transaction_fails_when_redis_is_away(unattended: Any, tmp_path: Path, redis_server: RedisServer) -> None:
    redis_server.kill()
    try:
        with pytest.raises(RedisConnectionError), transaction.atomic():
            send_beside_a_row(str(tmp_path / "never"))
    finally:
        redis_server.start()

    assert not OrmQ.objects.filter(key="beside").exists()
    assert unattended.queue_size() == 0


@redis_only
def test_a_schedule_waits_for_a_redis_that_is_away(unattended: Any, hourly: Any, redis_server: RedisServer) -> None:
    due_at = hourly.next_run

    redis_server.kill()
    try:
        scheduler(broker=unattended)
    finally:
        redis_server.start()
    hourly.refresh_from_db()
    assert hourly.next_run == due_at
    scheduler(broker=unattended)

    assert unattended.queue_size() == 1


@redis_only
def test_a_cluster_outlives_a_redis_that_lost_everything(
    fleet: Fleet, redis_server: RedisServer, journal: Journal, tmp_path: Path
) -> None:
    cluster = fleet.running("notifications")
    complaints = cluster.log.read_text().count("Redis is away")

    redis_server.kill()
    try:
        with pytest.raises(RedisConnectionError):
            send("record", str(tmp_path / "never"), queue="notifications")
        eventually(lambda: cluster.log.read_text().count("Redis is away") > complaints, "the pusher noticed")
    finally:
        redis_server.start()
    task = send("record", str(journal.path), queue="notifications")

    assert success_of(task).result["pid"] in cluster.members
    assert not cluster.said("reincarnated pusher")


def test_an_unknown_queue_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    # Accepted, it would take the place of the test run itself.
    monkeypatch.setattr(os, "execve", lambda *arguments: pytest.fail("became a cluster"))

    with pytest.raises(CommandError) as refusal:
        call_command("worker", "payout")

    assert str(refusal.value) == (
        "There is no queue payout. The queues are intents, settlements, payouts, reconciler and notifications."
    )


@pytest.mark.parametrize(("process", "said"), [("worker:payouts", ""), ("web", "outlived")])
def test_a_child_whose_parent_died_before_the_guard_was_set_ends_itself(process: str, said: str) -> None:
    # The output is at its end once nobody can write to it any more, the child included.
    program = """
import os, time
parent = os.getpid()
def wait_for_parents_death():
    while os.getppid() == parent:
        time.sleep(0.01)
os.register_at_fork(after_in_child=wait_for_parents_death)
from config.processes import guard
guard.die_with_parent()
if os.fork():
    os._exit(0)
print("outlived", end="", flush=True)
"""

    assert run_python("-c", program, COUNTINGHOUSE_PROCESS=process).stdout == said


def test_forked_children_share_no_connection(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    program = """
import os, django
django.setup()
from django.db import connection
assert connection.pool, "only a pool can be shared by mistake"

def answers_are_ours(number):
    for attempt in range(30):
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::int, %s::int", [number, attempt])
            if cursor.fetchone() != (number, attempt):
                return False
        connection.close()
    return True

assert answers_are_ours(0)
with connection.cursor() as cursor:
    cursor.execute("SELECT pg_backend_pid()")
    backend = cursor.fetchone()
children = []
for number in range(1, 5):
    pid = os.fork()
    if not pid:
        try:
            os._exit(0 if answers_are_ours(number) else 1)
        finally:
            os._exit(2)
    children.append(pid)
codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
assert codes == [0, 0, 0, 0], codes
with connection.cursor() as cursor:
    cursor.execute("SELECT pg_backend_pid()")
    assert cursor.fetchone() == backend, "a child closed what its parent owns"
"""
    finished = run_python(
        "-c",
        program,
        DJANGO_SETTINGS_MODULE="config.settings",
        COUNTINGHOUSE_PROCESS="web",
        DB_POOL="1",
        DATABASE_URL=postgres.url(DATABASE_NAME),
        VAR_DIR=str(tmp_path),
    )

    assert finished.returncode == 0, finished.stderr


@database_only
def test_a_cluster_outlives_a_database_that_was_killed(
    fleet: Fleet, postgres: EmbeddedPostgres, journal: Journal
) -> None:
    cluster = fleet.running("notifications")

    kill_postmaster(postgres)
    away_at = time.monotonic()
    eventually(lambda: cluster.said("Failed to pull task from broker"), "the pusher noticed")
    until(lambda: time.monotonic() - away_at > 3, "three seconds without a database")
    postgres.acquire()
    connections.close_all()
    task = send("query", str(journal.path), queue="notifications")

    assert success_of(task).result == 42
    assert cluster.process.poll() is None
