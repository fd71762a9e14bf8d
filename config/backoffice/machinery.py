"""Windows onto the machinery of libraries. Their own screens could delete tasks and retry them unrecorded."""

import json
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.exceptions import NotRegistered
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django_q.models import Failure, OrmQ, Schedule, Success

from audit.admin import RecordedAdmin, column, instant, whole_id


def _code(field: str, description: str) -> Any:
    def show(row: Any) -> Any:
        value = getattr(row, field)
        if value in (None, "", (), {}):
            return None
        text = value if isinstance(value, str) else json.dumps(value, indent=2, default=str)
        return format_html('<pre class="code">{}</pre>', text)

    return column(field, description, show)


class MachineryAdmin(RecordedAdmin):
    """Rows of no program: the permission alone decides."""

    permission_to_view = "operations.read"
    id_fields = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.model._default_manager.all()
        return rows


class TaskAdmin(MachineryAdmin):
    """Tasks that have run."""

    list_display: ClassVar = (
        "name",
        "func",
        column("queue", "Queue", lambda task: task.cluster, ordering="cluster"),
        instant("stopped", "Ended"),
        column("took", "Took", lambda task: f"{task.time_taken():.2f} s"),
        column("attempts", "Attempts", lambda task: task.attempt_count, ordering="attempt_count"),
    )
    list_filter: ClassVar = ("cluster", "func")
    search_fields: ClassVar = ("id__exact", "name__exact", "func")
    search_help_text = "A task's whole id or name, or a function"
    fields: ClassVar = (
        "name",
        "func",
        column("queue", "Queue", lambda task: task.cluster),
        instant("started", "Began"),
        instant("stopped", "Ended"),
        column("took", "Took", lambda task: f"{task.time_taken():.2f} s"),
        column("attempts", "Attempts", lambda task: str(task.attempt_count)),
        _code("args", "Arguments"),
        _code("kwargs", "Named arguments"),
        _code("result", "Result"),
        whole_id(),
    )
    ordering: ClassVar = ("-stopped",)


class FinishedTaskAdmin(TaskAdmin):
    """Tasks that did what they should."""

    called = ("finished task", "finished tasks")


class FailedTaskAdmin(TaskAdmin):
    """Tasks that gave up; the result is the traceback."""

    called = ("failed task", "failed tasks")


class WaitingTaskAdmin(MachineryAdmin):
    """Tasks that wait in the database's queue."""

    called = ("waiting task", "waiting tasks")

    list_display: ClassVar = (
        column("name", "Name", lambda waiting: waiting.name()),
        column("function", "Function", lambda waiting: waiting.func()),
        column("queue", "Queue", lambda waiting: waiting.key, ordering="key"),
        instant("lock", "Due"),
    )
    list_filter: ClassVar = ("key",)
    fields: ClassVar = (
        column("name", "Name", lambda waiting: waiting.name()),
        column("function", "Function", lambda waiting: waiting.func()),
        column("queue", "Queue", lambda waiting: waiting.key),
        instant("lock", "Due"),
        column("task_id", "Task id", lambda waiting: waiting.task_id()),
    )
    ordering: ClassVar = ("lock", "id")


class ScheduleAdmin(MachineryAdmin):
    """What runs by the clock."""

    called = ("schedule", "schedules")

    list_display: ClassVar = (
        "name",
        "func",
        column("queue", "Queue", lambda schedule: schedule.cluster, ordering="cluster"),
        "cron",
        instant("next_run", "Next run"),
    )
    list_filter: ClassVar = ("cluster",)
    search_fields: ClassVar = ("name", "func")
    fields: ClassVar = (
        "name",
        "func",
        column("queue", "Queue", lambda schedule: schedule.cluster),
        "cron",
        "repeats",
        instant("next_run", "Next run"),
    )
    ordering: ClassVar = ("next_run", "id")


def register_machinery(site: admin.AdminSite) -> None:
    """Put our windows in the place of the libraries' screens, and take away those that nobody needs."""
    for model in list(site._registry):
        if model._meta.app_label in ("auth", "axes", "account", "mfa", "socialaccount", "usersessions", "django_q"):
            try:
                site.unregister(model)
            except NotRegistered:  # a library unregistered it itself
                continue
    site.register(Success, FinishedTaskAdmin)
    site.register(Failure, FailedTaskAdmin)
    site.register(OrmQ, WaitingTaskAdmin)
    site.register(Schedule, ScheduleAdmin)
