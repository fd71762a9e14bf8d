"""One error body everywhere, never a 500 for bad input, and nothing of ours shown to strangers."""

import json
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from identity.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.config.routes")]

ECHO = "/api/v2/echo"


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def post(client: Client, body: Any, url: str = ECHO, content_type: str = "application/json") -> Any:
    raw = body if isinstance(body, bytes | str) else json.dumps(body)
    return client.post(url, raw, content_type=content_type)


def test_a_refusal_keeps_its_code_sentence_and_params(client: Client) -> None:
    answer = client.get("/api/v2/fail/refusal", headers={"X-Correlation-ID": "my-own-id-1"})

    assert answer.status_code == 422
    assert answer.json() == {
        "code": "out_of_apples",
        "message": "There are only 3 apples.",
        "params": {"left": 3},
        "correlation_id": "my-own-id-1",
    }
    assert answer["X-Correlation-ID"] == "my-own-id-1"


@pytest.mark.parametrize("sent", ["", "short", "a" * 65, "evil\tid-number", "<script>alert</script>", "naïve-naïve"])
def test_a_correlation_id_that_could_do_harm_is_replaced(client: Client, sent: str) -> None:
    answer = client.get("/healthz", headers={"X-Correlation-ID": sent})

    assert answer["X-Correlation-ID"] != sent
    assert len(answer["X-Correlation-ID"]) == 36


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("bug", 500, "internal_error"),
        ("database", 503, "database_unavailable"),
        ("forbidden", 403, "not_permitted"),
        ("unsafe", 400, "malformed"),
        ("throttled", 429, "throttled"),
    ],
)
def test_what_goes_wrong_has_the_error_body_and_no_details(client: Client, kind: str, status: int, code: str) -> None:
    answer = client.get(f"/api/v2/fail/{kind}")

    assert answer.status_code == status
    assert answer.json()["code"] == code
    assert answer.json()["correlation_id"] == answer["X-Correlation-ID"]
    assert "secret" not in answer.content.decode()
    assert "password" not in answer.content.decode()


def test_waiting_is_told_in_a_header(client: Client) -> None:
    assert client.get("/api/v2/fail/throttled")["Retry-After"] == "8"
    assert client.get("/api/v2/fail/database")["Retry-After"] == "5"


@pytest.mark.parametrize("prefix", ["/wallets", "/api/customer"])
def test_the_wallet_service_keeps_its_envelope(client: Client, prefix: str) -> None:
    assert client.get(f"{prefix}/echo").json() == {"success": True, "data": {"amount": "1.00"}, "error": None}

    for path, code in (("fail/refusal", "out_of_apples"), ("fail/bug", "internal_error"), ("nowhere", "not_found")):
        body = client.get(f"{prefix}/{path}").json()
        assert (body["success"], body["data"], body["error"]["code"]) == (False, None, code)
    assert client.delete(f"{prefix}/echo").content == b""


def test_elsewhere_there_is_no_envelope(client: Client) -> None:
    assert client.get(ECHO).json() == {"amount": "1.00"}


def test_invalid_fields_are_named_down_to_the_line(client: Client) -> None:
    answer = post(client, {"name": "toolong", "lines": [{"amount": "1.00"}, {"amount": "one"}, {}]})

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"
    assert set(answer.json()["params"]["fields"]) == {"name", "lines.1.amount", "lines.2.amount"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1,",
        b"nonsense",
        b'{"name": NaN}',
        b'{"name": Infinity}',
        b'{"name": "a", "name": "b"}',
        b'{"name": "\xff"}',
        b'{"name": "\\u0000"}',
        b'{"name": "\\ud800"}',
        b'{"a\\u0000": "x"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 70 + b"]" * 70,
        b'{"name": ' + b"9" * 5000 + b"}",
        b"\xef\xbb\xbf{}",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_a_body_that_is_not_json_as_everybody_reads_it_is_malformed(client: Client, body: bytes) -> None:
    answer = post(client, body)

    assert answer.status_code == 400
    assert answer.json()["code"] in ("malformed", "invalid")
    assert answer.json()["code"] == "malformed" or body == b""


@pytest.mark.parametrize("body", ["[]", '"text"', "1", "null", "true", '[{"name": "a"}]'])
def test_json_of_the_wrong_shape_is_invalid(client: Client, body: str) -> None:
    answer = post(client, body)

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", ""])
def test_another_format_is_refused(client: Client, content_type: str) -> None:
    answer = post(client, b"<name/>", content_type=content_type)

    assert answer.status_code in (400, 415)
    assert answer.json()["code"] in ("unsupported_media_type", "malformed", "invalid")


def test_an_unacceptable_format_is_refused(client: Client) -> None:
    answer = client.get(ECHO, headers={"accept": "image/png"})

    assert answer.status_code == 406
    assert answer.json()["code"] == "not_acceptable"


def test_a_body_over_the_limit_is_refused_before_it_is_read(client: Client, settings: Any) -> None:
    settings.MAX_BODY_BYTES = 1000

    assert post(client, {"name": "a" * 1000}).status_code == 413
    assert post(client, {"name": "a" * 1000}).json()["code"] == "body_too_large"
    assert post(client, {"name": "ok"}).status_code == 201


@pytest.mark.parametrize("length", ["-1", "1e3", "x", "9" * 30])
def test_a_length_that_is_none_is_refused(client: Client, length: str) -> None:
    answer = client.generic("POST", ECHO, b"{}", content_type="application/json", CONTENT_LENGTH=length)

    assert answer.status_code == 413


def test_a_body_without_a_length_is_refused(client: Client) -> None:
    answer = client.generic("POST", ECHO, b"{}", content_type="application/json", HTTP_TRANSFER_ENCODING="chunked")

    assert answer.status_code == 411
    assert answer.json()["code"] == "length_required"


def test_a_session_needs_its_csrf_token_to_change_anything(alice: User) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")

    answer = client.post(ECHO, {"name": "a"})

    assert answer.status_code == 403
    assert answer.json()["code"] == "csrf_failed"


def test_too_many_requests_are_throttled_per_address(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from config.api.throttles import AddressThrottle

    monkeypatch.setattr(AddressThrottle, "rate", "2/minute", raising=False)

    codes = [client.get(ECHO).status_code for _ in range(3)]
    elsewhere = client.get(ECHO, REMOTE_ADDR="203.0.113.9").status_code

    assert codes == [200, 200, 429]
    assert elsewhere == 200
    answer = client.get(ECHO)
    assert answer.json()["code"] == "throttled"
    assert 0 < int(answer["Retry-After"]) <= 60


def test_a_caller_is_throttled_wherever_the_calls_come_from(
    api_as: Any, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from config.api.throttles import CallerThrottle

    monkeypatch.setattr(CallerThrottle, "rate", "2/minute", raising=False)
    client = api_as(alice)

    codes = [client.get(ECHO, REMOTE_ADDR=f"203.0.113.{last}").status_code for last in range(3)]

    assert codes == [200, 200, 429]
