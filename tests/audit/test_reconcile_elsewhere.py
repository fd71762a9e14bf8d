"""A reconciliation that is asked for at a door runs in the reconciler queue, and the door shows how far it is."""

import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ
from rest_framework.test import APIClient

from audit import reconciliation, tasks
from audit.context import acting_as
from audit.errors import ReconciliationRunning, UnknownCheck
from audit.models import CheckResult, Entry, ReconciliationRun
from audit.operations import ask_reconciliation, begin_run, carry_out_run, end_dead_runs
from audit.operations.end_dead_runs import DEAD_AFTER
from audit.reconciliation import Check, Discrepancy, Scope, register_check
from config.background.runs import send_run
from identity.models import Program, User
from identity.states import Role
from tests.factories import MembershipFactory, ProgramFactory
from tests.signed_in import BACKEND

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("acting")]

URL = "/api/v2/enterprise/reconcile"


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two checks that note when they are asked."""
    asked: list[str] = []

    def check(name: str) -> Check:
        def examine(scope: Scope) -> Iterator[Discrepancy]:
            asked.append(name)
            yield from ()

        return Check(name=name, label=name.title(), examine=examine)

    monkeypatch.setattr(reconciliation, "_checks", {})
    register_check(check("test.one"))
    register_check(check("test.two"))
    return asked


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The house's own queue, with nobody who works on it."""
    monkeypatch.setattr(reconciliation, "_send", send_run)
    return lambda: list(OrmQ.objects.filter(key="reconciler"))


def client_of(user: User) -> APIClient:
    client = APIClient()
    client.force_login(user, backend=BACKEND)
    return client


def test_a_run_is_there_and_sent_before_anybody_carries_it_out(queue: Any, asked: list[str]) -> None:
    run = ask_reconciliation(names=["test.two"], at=timezone.now())

    assert ReconciliationRun.objects.get().state == "RUNNING"
    (task,) = queue()
    assert (task.func(), task.task["args"]) == ("audit.tasks.carry_out_run", (str(run.pk), ["test.two"]))
    assert asked == []

    assert tasks.carry_out_run(*task.task["args"]) == "CLEAN"
    assert asked == ["test.two"]


def test_a_run_that_is_undone_is_not_sent(queue: Any) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        ask_reconciliation(at=timezone.now())
        raise RuntimeError

    assert queue() == []
    assert not ReconciliationRun.objects.exists()


def test_what_can_t_be_asked_is_refused_at_once(queue: Any) -> None:
    with pytest.raises(UnknownCheck):
        ask_reconciliation(names=["test.three"], at=timezone.now())
    ask_reconciliation(at=timezone.now())
    with pytest.raises(ReconciliationRunning):
        ask_reconciliation(at=timezone.now())

    assert len(queue()) == ReconciliationRun.objects.count() == 1


def test_whoever_takes_a_run_up_again_goes_on_where_it_was(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin_run(program_id=None, at=timezone.now())

    class Killed(BaseException):
        """As a worker dies: nothing catches it."""

    create = CheckResult.objects.create

    def die_after_the_first(**fields: Any) -> CheckResult:
        if fields["name"] == "test.two":
            raise Killed
        return create(**fields)

    with monkeypatch.context() as dying:
        dying.setattr(CheckResult.objects, "create", die_after_the_first)
        with pytest.raises(Killed):
            carry_out_run(run.pk, at=timezone.now())
    assert ReconciliationRun.objects.get().state == "RUNNING"

    ended = carry_out_run(run.pk, at=timezone.now())

    assert asked == ["test.one", "test.two", "test.two"]
    assert ended.state == "CLEAN"
    assert [result.name for result in run.results.all()] == ["test.one", "test.two"]


def test_a_run_that_has_ended_stays_as_it_is(asked: list[str]) -> None:
    run = begin_run(program_id=None, at=timezone.now())
    carry_out_run(run.pk, at=timezone.now())
    lines = Entry.objects.count()

    assert carry_out_run(run.pk, at=timezone.now()).state == "CLEAN"

    assert asked == ["test.one", "test.two"]
    assert Entry.objects.count() == lines


def test_a_run_that_died_with_its_task_is_ended(program: Program) -> None:
    now = timezone.now()
    dead = begin_run(program_id=None, at=now - DEAD_AFTER - timedelta(seconds=1))
    slow = begin_run(program_id=program.pk, at=now - DEAD_AFTER + timedelta(minutes=1))

    assert end_dead_runs(at=now) == 1
    assert end_dead_runs(at=now) == 0

    for run, state in ((dead, "ERROR"), (slow, "RUNNING")):
        run.refresh_from_db()
        assert run.state == state
    assert Entry.objects.about(dead).filter(action="audit.run.failed").count() == 1
    assert carry_out_run(dead.pk, at=now).state == "ERROR"  # a task that comes back too late
    assert tasks.end_dead_runs() == 0


# At the doors


def test_who_does_not_wait_is_told_where_to_look(queue: Any, alice: User) -> None:
    client = client_of(alice)

    answer = client.post(f"{URL}?wait=0", {})

    assert (answer.status_code, answer.json()["state"], answer.json()["results"]) == (202, "RUNNING", [])
    where = answer.headers["Location"]
    assert client.get(where).json()["state"] == "RUNNING"
    (task,) = queue()
    with acting_as("task", "x"):
        tasks.carry_out_run(*task.task["args"])
    assert client.get(where).json()["state"] == "CLEAN"


@pytest.mark.django_db(transaction=True)
def test_who_waits_is_answered_when_it_ends(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []

    def worker(run_id: UUID, names: Sequence[str] | None) -> None:
        def work() -> None:
            with acting_as("task", "worker"):
                carry_out_run(run_id, names=names, at=timezone.now())
            connections.close_all()

        threads.append(threading.Timer(0.5, work))
        transaction.on_commit(threads[-1].start)

    monkeypatch.setattr(reconciliation, "_send", worker)

    answer = client_of(alice).post(f"{URL}?wait=15", {})
    threads[0].join()

    assert (answer.status_code, answer.json()["state"]) == (200, "CLEAN")
    assert [result["name"] for result in answer.json()["results"]] == ["test.one", "test.two"]


@pytest.mark.parametrize("wait", ["x", "-1", "21", "1.5", "", "9999999999", "²"])
def test_nobody_waits_for_ever(wait: str, alice: User) -> None:
    assert client_of(alice).post(f"{URL}?wait={wait}", {}).status_code == 400

    assert not ReconciliationRun.objects.exists()


def test_the_run_s_page_shows_how_far_it_is(queue: Any, alice: User) -> None:
    client = Client()
    client.force_login(alice, backend=BACKEND)

    page = client.post(reverse("admin:audit_reconciliationrun_ask"), follow=True)
    assert "It runs." in page.content.decode()
    assert page.headers["Refresh"] == "2"

    carry_out_run(ReconciliationRun.objects.get().pk, at=timezone.now())
    page = client.get(page.request["PATH_INFO"])
    assert "It runs." not in page.content.decode()
    assert "Refresh" not in page.headers
    assert "Test.One" in page.content.decode()


def test_each_program_s_night_is_a_task_of_its_own(queue: Any, house: Program) -> None:
    from identity.tasks import reconcile_at_night

    hour = timezone.now().hour
    for program in (house, *ProgramFactory.create_batch(2)):
        MembershipFactory(program=program, role=Role.OWNER)
        with acting_as("test", "x"):
            _set_hour(program, hour)

    assert reconcile_at_night() == 3

    assert len(queue()) == ReconciliationRun.objects.filter(state="RUNNING").count() == 3


def _set_hour(program: Program, hour: int) -> None:
    from identity.operations import change_setting

    if hour != 2:
        change_setting("identity.nightly_hour", program=program, value=hour, version=0, reason="x", at=timezone.now())
