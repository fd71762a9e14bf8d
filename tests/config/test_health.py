"""Health, readiness and figures."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ, Success

from config.background.clusters import cluster_states
from config.web import health

QUEUES = ["intents", "settlements", "payouts", "reconciler", "notifications"]


def beat(queue: str, *, seconds_ago: int) -> None:
    at = timezone.now() - timedelta(seconds=seconds_ago)
    Success.objects.create(
        id=uuid4().hex,
        name="beat",
        func="config.background.tasks.heartbeat",
        cluster=queue,
        started=at,
        stopped=at,
        success=True,
    )


@pytest.mark.parametrize("path", ["/health", "/healthz"])
def test_the_process_answers_without_a_database(client: Client, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert "no-store" in answer["Cache-Control"]
    assert client.post(path).status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_come_by_address_over_plain_http(client: Client, settings: Any, path: str) -> None:
    settings.ALLOWED_HOSTS = ["books.example.com"]
    settings.SECURE_SSL_REDIRECT = True

    assert client.get(path, headers={"host": "10.0.0.7:8000"}).status_code == 200
    assert client.get("/accounts/login/", headers={"host": "10.0.0.7:8000"}).status_code == 400


@pytest.mark.django_db
def test_ready_when_the_database_has_the_code_s_schema(client: Client) -> None:
    assert client.get("/readyz").json() == {"status": "ok"}


@pytest.mark.django_db
def test_not_ready_while_migrations_wait(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    health._seen_current.cache_clear()
    monkeypatch.setattr(health, "waiting_migrations", lambda: ["audit.0002_append_only"])

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {"status": "unavailable", "reason": "migrations are waiting"}
    monkeypatch.undo()
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_not_ready_while_the_database_is_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(connection, "cursor", away)

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["reason"] == "the database does not answer"


@pytest.mark.django_db
def test_a_dead_worker_does_not_make_the_web_unready(client: Client) -> None:
    assert not Success.objects.exists()

    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_every_queue_tells_its_depth_age_and_heartbeat() -> None:
    now = timezone.now()
    OrmQ.objects.create(key="payouts", payload="", lock=now - timedelta(seconds=90))
    OrmQ.objects.create(key="payouts", payload="", lock=now - timedelta(seconds=30))
    beat("payouts", seconds_ago=200)
    beat("payouts", seconds_ago=100)
    beat("intents", seconds_ago=1000)

    states = {state.queue: state for state in cluster_states(now=now)}

    assert list(states) == QUEUES
    assert states["payouts"].depth == 2
    assert states["payouts"].oldest_seconds == pytest.approx(90, abs=1)
    assert states["payouts"].is_alive(now=now)
    assert not states["intents"].is_alive(now=now)
    assert not states["settlements"].is_alive(now=now)
    assert (states["intents"].depth, states["intents"].oldest_seconds) == (0, None)


@pytest.mark.django_db
def test_the_figures_are_there_for_prometheus(client: Client) -> None:
    OrmQ.objects.create(key="payouts", payload="", lock=timezone.now() - timedelta(seconds=90))
    beat("payouts", seconds_ago=100)

    text = client.get("/metrics").content.decode()

    assert 'countinghouse_queue_depth{queue="payouts"} 1.0' in text
    assert 'countinghouse_queue_oldest_seconds{queue="payouts"} 9' in text
    assert 'countinghouse_worker_heartbeat_age_seconds{queue="payouts"} 100' in text
    assert "countinghouse_database_up 1.0" in text
    assert "django_http_requests_total_by_method_total" in text
