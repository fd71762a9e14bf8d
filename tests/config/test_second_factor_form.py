"""The form that asks for a second factor: counted as wrong passwords are, written down, and its codes good once."""

from typing import Any
from unittest import mock

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from axes.models import AccessAttempt
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from rest_framework.test import APIClient

from audit.models import Entry
from identity.models import User
from tests.factories import PASSWORD
from tests.identity.test_api_tokens import code_of

pytestmark = pytest.mark.django_db

FORM = "/accounts/2fa/authenticate/"
AGAIN = "/accounts/2fa/reauthenticate/"


@pytest.fixture
def bob(bob: User) -> User:
    EmailAddress.objects.create(user=bob, email=bob.email, verified=True, primary=True)
    return bob


@pytest.fixture
def app(bob: User) -> str:
    """Bob's authenticator app."""
    secret: str = generate_totp_secret()
    TOTP.activate(bob, secret)
    RecoveryCodes.activate(bob)
    return secret


def enter(password: str = PASSWORD) -> tuple[Client, Any]:
    client = Client()
    return client, client.post("/accounts/login/", {"login": "bob@example.com", "password": password})


def asked_for_code() -> Client:
    client, answer = enter()
    assert answer["Location"] == FORM
    return client


def is_signed_in(client: Client) -> bool:
    return client.get("/portal/").status_code == 200


def failures() -> int:
    return Entry.objects.filter(action="identity.user.failed_second_factor").count()


def test_a_wrong_code_is_written_down_as_theirs(app: str, bob: User) -> None:
    client = asked_for_code()

    answer = client.post(FORM, {"code": "000000"})

    assert "Incorrect code" in answer.content.decode()
    assert not is_signed_in(client)
    entry = Entry.objects.get(action="identity.user.failed_second_factor")
    assert (entry.actor_id, entry.subject_id) == (str(bob.pk), str(bob.pk))
    assert AccessAttempt.objects.get().username == "bob@example.com"


def test_too_many_wrong_codes_pause_signing_in_everywhere(app: str) -> None:
    client = asked_for_code()
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        assert client.post(FORM, {"code": "000000"}).status_code == 200

    paused = client.post(FORM, {"code": "000000"})

    assert paused.status_code == 429
    assert "Signing in is paused" in paused.content.decode()
    # The right code does not help now, nor a new sign-in, nor the other door.
    assert client.post(FORM, {"code": code_of(app)}).status_code == 429
    assert enter()[1].status_code == 429
    sent = {"email": "bob@example.com", "password": PASSWORD, "code": code_of(app)}
    assert APIClient().post("/api/v2/auth/token", sent).status_code == 429
    assert not is_signed_in(client)
    assert failures() == settings.AXES_FAILURE_LIMIT


def test_wrong_passwords_and_wrong_codes_are_counted_together(app: str) -> None:
    client = asked_for_code()
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        enter("not the password")

    assert client.post(FORM, {"code": "000000"}).status_code == 429


def test_who_gets_it_right_begins_anew(app: str) -> None:
    client = asked_for_code()
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        client.post(FORM, {"code": "000000"})

    assert client.post(FORM, {"code": code_of(app)}).status_code == 302

    assert is_signed_in(client)
    assert not AccessAttempt.objects.exists()
    assert Authenticator.objects.get(type="totp").last_used_at


def test_a_code_is_good_once_at_all_doors(app: str) -> None:
    code = code_of(app)
    asked_for_code().post(FORM, {"code": code})
    cache.clear()  # another process has none of what this one remembers

    sent = {"email": "bob@example.com", "password": PASSWORD, "code": code}
    assert APIClient().post("/api/v2/auth/token", sent).json()["code"] == "second_factor_wrong"
    client = asked_for_code()
    client.post(FORM, {"code": code})
    assert not is_signed_in(client)


def test_a_recovery_code_is_good_once(app: str, bob: User) -> None:
    code = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes()[0]
    first, second = asked_for_code(), asked_for_code()

    first.post(FORM, {"code": f" {code.upper()} "})
    second.post(FORM, {"code": code})

    assert is_signed_in(first)
    assert not is_signed_in(second)


@pytest.mark.parametrize("code", ["", " ", "x" * 10_000, "\u0661" * 6, "00 00 00"])
def test_what_is_no_code_is_refused(code: str, app: str) -> None:
    client = asked_for_code()

    assert client.post(FORM, {"code": code}).status_code == 200
    assert not is_signed_in(client)


def test_a_code_that_is_shown_once_more_is_counted_too(app: str) -> None:
    client = asked_for_code()
    client.post(FORM, {"code": code_of(app)})

    with mock.patch("allauth.core.ratelimit.consume_or_429", return_value=None):  # the library's own is in the cache
        for _ in range(settings.AXES_FAILURE_LIMIT - 1):
            assert client.post(AGAIN, {"code": "000000"}).status_code == 200
        assert client.post(AGAIN, {"code": "000000"}).status_code == 429

    assert failures() == settings.AXES_FAILURE_LIMIT
    assert is_signed_in(client)  # who is in stays in


def test_a_code_shown_once_more_counts_as_shown_now(app: str, bob: User) -> None:
    client = asked_for_code()
    client.post(FORM, {"code": RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes()[0]})

    assert client.post(AGAIN, {"code": code_of(app)}).status_code == 302

    records = client.session["account_authentication_methods"]
    assert [record.get("reauthenticated") for record in records if record["method"] == "mfa"] == [None, True]


@pytest.mark.parametrize(
    "credential", ["{}", "x", "[]", '{"id": "x", "rawId": "x", "response": {}, "type": "public-key"}']
)
def test_a_passkey_s_answer_that_makes_no_sense_is_written_down(credential: str, app: str, bob: User) -> None:
    Authenticator.objects.create(user=bob, type="webauthn", data={"name": "Key", "credential": {}})
    client = asked_for_code()

    with mock.patch("allauth.mfa.webauthn.internal.auth.begin_authentication", return_value={}):
        assert client.post(FORM, {"credential": credential}).status_code == 200

    assert not is_signed_in(client)
    assert failures() == (1 if "id" in credential else 0)  # what is empty, or no JSON, is no answer
