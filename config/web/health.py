"""Is the process up, and is it of use? A dead worker takes no web process down."""

from functools import cache

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@require_safe
@never_cache
def health(request: HttpRequest) -> HttpResponse:
    """Say that the service answers, for callers of the wallet service."""
    return JsonResponse({"status": "ok", "service": "countinghouse"})


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether requests can be served: the database answers and its schema is the code's."""
    problem = readiness_problem()
    if problem:
        return JsonResponse({"status": "unavailable", "reason": problem}, status=503)
    return JsonResponse({"status": "ok"})


def readiness_problem() -> str | None:
    """Return why requests can't be served, or None."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return None if _schema_is_current() else "migrations are waiting"
    except DatabaseError:
        return "the database does not answer"


class _Behind(Exception):
    """Keeps a schema that is behind from being remembered."""


@cache
def _seen_current() -> bool:
    if waiting_migrations():
        raise _Behind
    return True


def _schema_is_current() -> bool:
    # A schema does not go back under a running process, so once current is always current.
    try:
        return _seen_current()
    except _Behind:
        return False


def waiting_migrations() -> list[str]:
    """Return the migrations that the database lacks."""
    executor = MigrationExecutor(connection)
    return [str(migration) for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
