"""What runs by the clock is installed once, follows the table, and leaves alone what people have added."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import Schedule, Success

from config.background import schedules, tasks
from config.background.queues import WORKERS_BY_QUEUE
from config.background.schedules import install_schedules, timetables


@pytest.mark.django_db
def test_installs_every_timetable_into_its_own_queue() -> None:
    install_schedules(at=timezone.now())

    installed = {schedule.name: (schedule.func, schedule.cluster, schedule.cron) for schedule in Schedule.objects.all()}
    assert installed == {f"house:{each.name}": (each.task, each.queue, each.cron) for each in timetables()}
    assert {each.queue for each in timetables() if each.task == "config.background.tasks.heartbeat"} == set(
        WORKERS_BY_QUEUE
    )


@pytest.mark.django_db
def test_installing_again_keeps_the_next_run() -> None:
    install_schedules(at=timezone.now())
    later = timezone.now() + timedelta(hours=5)
    Schedule.objects.update(next_run=later)

    install_schedules(at=timezone.now())

    assert Schedule.objects.count() == len(timetables())
    assert set(Schedule.objects.values_list("next_run", flat=True)) == {later}


@pytest.mark.django_db
def test_follows_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    install_schedules(at=timezone.now())
    by_hand = Schedule.objects.create(name="by hand", func="config.background.tasks.heartbeat", cluster="payouts")
    [first, *_] = timetables()
    changed = schedules.Timetable(first.name, first.task, first.queue, "*/5 * * * *")
    monkeypatch.setattr(schedules, "timetables", lambda: [changed])

    install_schedules(at=timezone.now())

    assert set(Schedule.objects.values_list("name", "cron")) == {
        (f"house:{first.name}", "*/5 * * * *"),
        ("by hand", by_hand.cron),
    }


@pytest.mark.django_db(transaction=True)
def test_clusters_that_start_at_the_same_moment_install_once() -> None:
    barrier = threading.Barrier(4)

    def start() -> None:
        barrier.wait()
        install_schedules(at=timezone.now())
        connection.close()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Schedule.objects.count() == len(timetables())


@pytest.mark.django_db
def test_old_results_go_and_failures_stay() -> None:
    def result(*, days: int, success: bool) -> str:
        at = timezone.now() - timedelta(days=days)
        return str(Success.objects.create(id=uuid4().hex, name="x", func="x", started=at, stopped=at,
                                          success=success).pk)  # fmt: skip

    old, recent = result(days=4, success=True), result(days=2, success=True)
    failed = result(days=400, success=False)

    assert tasks.remove_old_results() == 1

    from django_q.models import Task

    assert set(Task.objects.values_list("pk", flat=True)) == {recent, failed}
    assert old not in Task.objects.values_list("pk", flat=True)
