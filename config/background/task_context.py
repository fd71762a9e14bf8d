"""A task inherits the correlation id of whoever sent it, and acts under its own name."""

from contextlib import ExitStack
from typing import Any

from django_q.signals import post_execute_in_worker, pre_enqueue, pre_execute

from audit.context import Actor, Context, acting, correlation_id, new_correlation_id

# One task runs at a time in a worker process; its context is left when it ends.
_entered = ExitStack()


def install() -> None:
    """Connect to the queue's own hooks: they are the only place that sees every task."""
    pre_enqueue.connect(_carry, dispatch_uid="task_context")
    pre_execute.connect(_enter, dispatch_uid="task_context")
    post_execute_in_worker.connect(_leave, dispatch_uid="task_context")


def _carry(sender: object, task: dict[str, Any], **_: object) -> None:
    task["correlation_id"] = correlation_id() or new_correlation_id()


def _enter(sender: object, func: object, task: dict[str, Any], **_: object) -> None:
    _entered.close()  # a task that was stopped by force did not leave
    actor = Actor("task", str(task["func"]))
    _entered.enter_context(
        acting(Context(find_actor=lambda: actor, correlation_id=task.get("correlation_id") or new_correlation_id()))
    )


def _leave(sender: object, func: object, task: dict[str, Any], **_: object) -> None:
    _entered.close()
