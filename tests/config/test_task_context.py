"""A task inherits the correlation id of whoever sent it, acts under its own name, and leaves nothing behind."""

from typing import Any

import pytest
from django.utils import timezone
from django_q.signals import post_execute_in_worker, pre_enqueue, pre_execute

from audit import context
from audit.context import NoActor, acting_as
from audit.models import Entry
from audit.operations import record
from identity.models import Program


def sent() -> dict[str, Any]:
    task: dict[str, Any] = {"func": "somewhere.tasks.work"}
    pre_enqueue.send(sender="django_q", task=task)
    return task


def run(task: dict[str, Any], work: Any) -> None:
    """Do what a worker does around a task."""
    pre_execute.send(sender="django_q", func=work, task=task)
    try:
        work()
    finally:
        post_execute_in_worker.send(sender="django_q", func=work, task=task)


@pytest.mark.django_db
def test_the_journal_ties_a_task_to_the_request_that_sent_it(program: Program) -> None:
    with acting_as("user", "alice") as request:
        task = sent()

    run(task, lambda: record("identity.program.created", subject=program, at=timezone.now()))

    entry = Entry.objects.get()
    assert entry.correlation_id == request.correlation_id
    assert (entry.actor_type, entry.actor_id) == ("task", "somewhere.tasks.work")


def test_a_task_sent_by_the_clock_gets_a_correlation_id_of_its_own() -> None:
    assert len(sent()["correlation_id"]) == 36


def test_the_context_is_left_when_the_task_ends() -> None:
    run(sent(), lambda: context.current())

    with pytest.raises(NoActor):
        context.current()


def test_a_task_that_was_cut_off_does_not_lend_its_name_to_the_next() -> None:
    pre_execute.send(sender="django_q", func=None, task={"func": "first", "correlation_id": "first-one"})
    seen = []

    run({"func": "second", "correlation_id": "second-one"}, lambda: seen.append(context.current()))

    assert (seen[0].actor.id, seen[0].correlation_id) == ("second", "second-one")
    with pytest.raises(NoActor):
        context.current()
