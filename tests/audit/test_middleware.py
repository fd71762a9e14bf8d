"""Every request has a correlation id, an actor, and one log line that a machine can read."""

import json
import logging
from typing import Any

import pytest
import structlog
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from audit.context import NoActor, current
from audit.middleware import RequestContextMiddleware
from config.logging import logging_settings
from identity.models import User


def through(request: HttpRequest, view: Any) -> HttpResponse:
    return RequestContextMiddleware(view)(request)


@pytest.mark.django_db
def test_the_actor_is_whoever_is_signed_in(bob: User) -> None:
    request = RequestFactory().get("/")
    seen = []

    def view(request: HttpRequest) -> HttpResponse:
        request.user = bob  # authentication happens further in
        seen.append(current().actor)
        return HttpResponse()

    through(request, view)

    assert (seen[0].type, seen[0].id) == ("user", str(bob.pk))


def test_a_stranger_is_no_actor() -> None:
    def view(_: HttpRequest) -> HttpResponse:
        with pytest.raises(NoActor):
            current().actor  # noqa: B018
        return HttpResponse()

    assert through(RequestFactory().get("/"), view).status_code == 200


def test_two_requests_have_two_ids() -> None:
    ids = {through(RequestFactory().get("/"), lambda _: HttpResponse())["X-Correlation-ID"] for _ in range(2)}

    assert len(ids) == 2


def test_the_context_ends_with_the_request() -> None:
    through(RequestFactory().get("/"), lambda _: HttpResponse())

    with pytest.raises(NoActor):
        current()


@pytest.mark.django_db
def test_a_request_leaves_one_line_with_its_correlation_id(client: Client) -> None:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        answer = client.get("/nothing?secret=hunter2")

    [line] = [line for line in lines if line["event"] == "request.finished"]
    assert line["correlation_id"] == answer["X-Correlation-ID"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/nothing", 404)
    assert "hunter2" not in json.dumps(line)


@pytest.mark.django_db
def test_probes_leave_no_line(client: Client) -> None:
    with structlog.testing.capture_logs() as lines:
        client.get("/healthz")
        client.get("/metrics")

    assert lines == []


def test_lines_of_libraries_come_out_as_json_too() -> None:
    formatter = logging_settings(level="INFO", form="json")["formatters"]["line"]
    options = {name: value for name, value in formatter.items() if name != "()"}
    record = logging.LogRecord("some.library", logging.WARNING, "x.py", 1, "disk %s full", ("nearly",), None)

    said = json.loads(formatter["()"](**options).format(record))

    assert (said["event"], said["level"], said["logger"]) == ("disk nearly full", "warning", "some.library")
    assert said["timestamp"].endswith("Z")
