"""Workers that are killed with intents in their hands: everything is carried out, and nothing twice."""

import subprocess
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.db.models import F, Sum
from django.db.models.functions import Now
from django.utils import timezone
from django_q.conf import Conf
from redis.exceptions import ConnectionError as RedisConnectionError

from audit.context import acting_as
from audit.models import Entry
from config.postgres.connection import DATABASE_NAME
from config.postgres.embedded import EmbeddedPostgres
from identity.operations import create_program
from ledger.models import Account, Balance, Intent, Transaction
from ledger.movements import Movement, Posting
from ledger.operations import create_intents, define_asset, nudge_intents, open_account, post, reset_intents
from ledger.operations.create_intents import Wanted
from ledger.states import AssetKind, IntentState
from tests.crash.fleet import Cluster
from tests.crash.servers import (
    RedisServer,
    database_at,
    kill,
    kill_postmaster,
    lives,
    open_folder,
    run_python,
    until,
    variables,
)
from tests.ledger.errands import PAY, registered

pytestmark = pytest.mark.xdist_group("workers")

INTENTS = 5_000
KILLS = 20
DRAINED_SECONDS_LIMIT = 120
ASKED_ONE_BY_ONE = 20
P95_SECONDS_LIMIT = 1.0
A_FEW = 200
BROKER = "config.background.redis_streams.RedisStreamBroker"


class Paying:
    """A house with one worker of intents, and what was asked of it."""

    def __init__(self, server: EmbeddedPostgres, folder: Path) -> None:
        self.server, self.folder, self.asked = server, folder, 0
        now = timezone.now()
        self.program = create_program(name="Acme", slug="acme", at=now)
        define_asset("KES", name="Kenyan shilling", kind=AssetKind.FIAT, scale=4, payable_scale=2)
        self.al, self.bo, clearing = (
            open_account(code, program=self.program, asset_code="KES", at=now)
            for code in ("wallet:al", "wallet:bo", "rail:mpesa:clearing")
        )
        movement = Movement(clearing.pk, self.al.pk, Decimal(1_000_000))
        post(Posting(program_id=self.program.pk, key="funding", kind="TOPUP", movements=(movement,)))
        self.cluster = self._start()

    def _start(self, **more: str) -> Cluster:
        environment = variables(
            DATABASE_URL=self.server.url(DATABASE_NAME), VAR_DIR=str(self.folder), WORKERS_PER_QUEUE="1",
            DJANGO_SETTINGS_MODULE="tests.crash.paying_settings", Q_CLUSTER_NAME="intents",
            COUNTINGHOUSE_PROCESS="worker:intents", DB_POOL="0", **more,
        )  # fmt: skip
        return Cluster("intents", folder=self.folder, environment=environment)

    def start_again(self, **more: str) -> None:
        """Put another cluster in the place of the one that works, with something else in its environment."""
        self.cluster.end()
        self.cluster = self._start(**more)

    def ask(self, count: int) -> None:
        payload = {"debit": self.al.pk, "credit": self.bo.pk, "amount": "1"}
        create_intents([
            Wanted(kind=PAY, program_id=self.program.pk, key=f"pay-{number}", payload=payload)
            for number in range(self.asked, self.asked + count)
        ])  # fmt: skip
        self.asked += count

    def in_the_middle(self, after: int) -> int:
        """Return who began the batch after so many others; 0 before anybody did."""
        file = self.folder / "middle"
        began = file.read_text().split() if file.exists() else []
        return int(began[after]) if len(began) > after else 0

    @property
    def began(self) -> int:
        file = self.folder / "middle"
        return len(file.read_text().split()) if file.exists() else 0

    @property
    def completed(self) -> int:
        return Intent.objects.filter(state=IntentState.COMPLETED).count()

    def release(self) -> None:
        """Do what the sweep does once the lease of the dead is over; nobody here waits that long."""
        Intent.objects.filter(state=IntentState.LOCKED).update(due_at=Now())
        reset_intents()
        nudge_intents()

    def assert_all_once(self) -> None:
        count = self.asked
        assert dict(Intent.objects.values_list("state").annotate(count=Sum(1)).order_by()) == {"COMPLETED": count}
        assert Transaction.objects.filter(kind="TRANSFER").count() == count
        assert Balance.objects.filter(account=Account.objects.get(code="wallet:bo")).get().amount == count
        completed = Entry.objects.filter(action="ledger.intent.completed")
        assert completed.count() == completed.values("subject_id").distinct().count() == count


@pytest.fixture(scope="module")
def paying(django_db_blocker: Any) -> Iterator[Paying]:
    with open_folder() as folder, django_db_blocker.unblock():
        server = EmbeddedPostgres(folder / "postgres", options=("fsync=off",))
        server.acquire()
        server.ensure_database(DATABASE_NAME)
        url = server.url(DATABASE_NAME)
        migrated = run_python("manage.py", "migrate", "--no-input", DATABASE_URL=url, VAR_DIR=str(folder))
        assert migrated.returncode == 0, migrated.stderr
        try:
            with database_at(url), acting_as("test", "pytest"), registered():
                house = Paying(server, folder)
                yield house
                house.cluster.end()
        finally:
            server.release()


def test_twenty_deaths_in_a_row_and_the_database_s_lose_and_double_nothing(paying: Paying) -> None:
    paying.ask(INTENTS)
    killed: list[int] = []

    for _ in range(KILLS):
        after = paying.began
        victim = until(lambda after=after: paying.in_the_middle(after), "a batch is under way")  # type: ignore[misc]
        kill(victim)
        until(lambda victim=victim: not lives(victim), "it is dead")  # type: ignore[misc]
        killed.append(victim)
        paying.release()
    until(lambda: paying.began > KILLS, "somebody goes on")
    kill_postmaster(paying.server)
    time.sleep(1)
    paying.server.acquire()
    connections.close_all()

    def drained() -> bool:
        paying.release()
        return paying.completed == paying.asked

    until(drained, "all are completed", seconds=DRAINED_SECONDS_LIMIT)
    assert len(set(killed)) == KILLS
    paying.assert_all_once()
    assert Entry.objects.filter(action="ledger.intent.released").exists()


def test_an_idle_house_carries_out_what_is_asked_within_a_second(paying: Paying) -> None:
    paying.ask(1)
    until(lambda: paying.completed == paying.asked, "the worker is there")
    first = Intent.objects.latest("pk").pk

    for _ in range(ASKED_ONE_BY_ONE):
        paying.ask(1)
        until(lambda: paying.completed == paying.asked, "it is carried out")

    took = sorted(
        Intent.objects.filter(pk__gt=first)
        .annotate(took=F("finished_at") - F("created_at"))
        .values_list("took", flat=True)
    )
    print(f"median {took[len(took) // 2]}, p95 {took[int(len(took) * 0.95) - 1]}")  # noqa: T201
    assert took[int(len(took) * 0.95) - 1].total_seconds() < P95_SECONDS_LIMIT
    paying.assert_all_once()


@pytest.mark.parametrize("shift", ["+1h", "-1h"])
def test_a_worker_whose_clock_is_an_hour_off(paying: Paying, shift: str) -> None:
    told = ["faketime", "-f", shift, "printenv", "LD_PRELOAD"]
    library = subprocess.run(told, capture_output=True, text=True, check=True).stdout.strip()
    paying.start_again(LD_PRELOAD=library, FAKETIME=shift, FAKETIME_DONT_FAKE_MONOTONIC="1")
    before = timezone.now()

    paying.ask(A_FEW)
    until(lambda: paying.completed == paying.asked, "all are completed")

    paying.assert_all_once()
    # Times in the books and on intents are the database's, whoever writes them.
    latest = Intent.objects.latest("pk")
    assert latest.finished_at is not None
    assert before <= latest.finished_at <= timezone.now()
    assert before <= Transaction.objects.latest("booked_at").booked_at <= timezone.now()


def test_a_broker_that_is_lost_and_back(paying: Paying, monkeypatch: pytest.MonkeyPatch) -> None:
    redis = RedisServer()
    redis.start()
    try:
        for name, value in (("BROKER_CLASS", BROKER), ("ORM", None), ("REDIS", redis.url)):
            monkeypatch.setattr(Conf, name, value)
        paying.start_again(TASK_BROKER="redis", REDIS_URL=redis.url)
        paying.ask(A_FEW)
        until(lambda: paying.completed == paying.asked, "the worker is there")

        paying.ask(A_FEW)
        redis.kill()
        # Asking is refused as a whole: nobody is told that something waits which nobody was told of.
        with pytest.raises(RedisConnectionError):
            paying.ask(1)
        assert Intent.objects.count() == paying.asked
        redis.start()
        paying.ask(A_FEW)

        until(lambda: paying.completed == paying.asked, "all are completed", seconds=DRAINED_SECONDS_LIMIT)
        paying.assert_all_once()
    finally:
        redis.kill()
