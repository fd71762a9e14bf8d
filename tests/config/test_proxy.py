"""Whose address a request comes from: only proxies that were named are believed."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from config.web.proxy import TrustedProxyMiddleware, is_loopback


def seen(settings: Any, *, peer: str, trusted: list[str], headers: dict[str, str] | None = None) -> HttpRequest:
    settings.TRUSTED_PROXIES = trusted
    request = RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers)
    TrustedProxyMiddleware(lambda _request: HttpResponse())(request)
    return request


@pytest.mark.parametrize(
    ("peer", "trusted", "chain", "client"),
    [
        ("198.51.100.1", [], "10.9.9.9", "198.51.100.1"),
        ("10.0.0.1", ["10.0.0.0/8"], "203.0.113.5", "203.0.113.5"),
        ("10.0.0.1", ["10.0.0.0/8"], "127.0.0.1, 203.0.113.5", "203.0.113.5"),
        ("10.0.0.1", ["10.0.0.0/8"], "203.0.113.5, 10.0.0.2", "203.0.113.5"),
        ("10.0.0.1", ["10.0.0.0/8"], "", "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.0/8"], "nonsense", "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.0/8"], "203.0.113.5, nonsense", "10.0.0.1"),
        ("2001:db8::1", ["2001:db8::/32"], "2001:db9::5", "2001:db9::5"),
        ("", ["10.0.0.0/8"], "203.0.113.5", ""),
    ],
)
def test_the_client_is_the_last_hop_that_is_not_ours(
    settings: Any, peer: str, trusted: list[str], chain: str, client: str
) -> None:
    request = seen(settings, peer=peer, trusted=trusted, headers={"X-Forwarded-For": chain})

    assert request.META["REMOTE_ADDR"] == client


def test_a_stranger_s_headers_are_dropped(settings: Any) -> None:
    request = seen(
        settings,
        peer="198.51.100.1",
        trusted=[],
        headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "127.0.0.1"},
    )

    assert "HTTP_X_FORWARDED_PROTO" not in request.META
    assert not is_loopback(request)


def test_a_local_proxy_nobody_named_does_not_make_its_callers_local(settings: Any) -> None:
    assert is_loopback(seen(settings, peer="127.0.0.1", trusted=[]))
    assert not is_loopback(seen(settings, peer="127.0.0.1", trusted=[], headers={"X-Forwarded-For": "203.0.113.5"}))
    assert not is_loopback(
        seen(settings, peer="127.0.0.1", trusted=["127.0.0.0/8"], headers={"X-Forwarded-For": "203.0.113.5"})
    )


@pytest.mark.django_db
def test_metrics_are_for_this_machine_or_a_service_key(client: Client, settings: Any) -> None:
    elsewhere = "203.0.113.5"

    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR=elsewhere).status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "1.2.3.4"}).status_code == 403
    assert client.get("/metrics", headers={"X-Admin-Key": "wrong"}, REMOTE_ADDR=elsewhere).status_code == 403
    assert client.get("/metrics", headers={"X-Admin-Key": ""}, REMOTE_ADDR=elsewhere).status_code == 403
    settings.ADMIN_KEYS = ["first key, long enough to be one", "second key, long enough to be one"]
    for key in settings.ADMIN_KEYS:
        assert client.get("/metrics", headers={"X-Admin-Key": key}, REMOTE_ADDR=elsewhere).status_code == 200
