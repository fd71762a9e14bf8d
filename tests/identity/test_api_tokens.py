"""/api/v2/auth: signing in at the API, and everything that ends a token."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import jwt
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.conf import LazySettings
from django.core.cache import cache
from django.utils import timezone
from rest_framework.test import APIClient

from audit.models import Entry
from identity import tokens
from identity.models import RefreshToken, TokenFamily, User
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

AUTH = "/api/v2/auth"
PROGRAMS = "/api/v2/programs"


@pytest.fixture(autouse=True)
def _two_secrets(settings: LazySettings) -> None:
    settings.JWT_SECRETS = ["the-new-secret-of-32-characters-!", "the-old-secret-of-32-characters-!"]


@pytest.fixture
def bob(bob: User) -> User:
    EmailAddress.objects.create(user=bob, email=bob.email, verified=True, primary=True)
    return bob


@pytest.fixture
def app(bob: User) -> str:
    """Bob's authenticator app."""
    secret: str = generate_totp_secret()
    TOTP.activate(bob, secret)
    return secret


def code_of(secret: str, *, steps: int = 0) -> str:
    return str(format_hotp_value(hotp_value(secret, int(timezone.now().timestamp()) // 30 + steps)))


def sign_in(**more: Any) -> Any:
    return APIClient().post(f"{AUTH}/token", {"email": "bob@example.com", "password": PASSWORD, **more})


def post(route: str, body: dict[str, Any], *, access: str | None = None) -> Any:
    return APIClient().post(f"{AUTH}/{route}", body, headers={"Authorization": f"Bearer {access}"} if access else {})


def opens(access: str) -> int:
    return int(APIClient().get(PROGRAMS, headers={"Authorization": f"Bearer {access}"}).status_code)


def nobody() -> dict[str, Any]:
    return {**APIClient().get(PROGRAMS).json(), "correlation_id": None}


@pytest.fixture
def pair(bob: User) -> dict[str, Any]:
    answer: dict[str, Any] = sign_in().json()
    return answer


@pytest.fixture
def clock() -> Iterator[Any]:
    """Let a test move time."""
    with mock.patch.object(timezone, "now") as now:

        def move(by: timedelta) -> None:
            now.return_value = datetime.now(UTC) + by

        move(timedelta())
        yield move


def test_a_password_gives_a_pair(bob: User) -> None:
    answer = sign_in()

    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    body = answer.json()
    assert (body["token_type"], body["access_expires_in"], body["refresh_expires_in"]) == ("Bearer", 600, 1_209_600)
    assert opens(body["access"]) == 200
    assert opens(body["refresh"]) == 401
    entry = Entry.objects.get()
    assert (entry.action, entry.actor_id) == ("identity.token_family.begun", str(bob.pk))
    claims = jwt.decode(body["access"], options={"verify_signature": False})
    assert claims["sub"] == str(bob.pk)
    assert claims["exp"] - claims["iat"] == 600
    assert set(claims) == {"sub", "iat", "exp", "jti", "typ", "family", "epoch"}


def test_what_a_token_changes_is_the_person_s_doing(alice: User, program: Any) -> None:
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    access = sign_in(email=alice.email).json()["access"]

    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    assert client.patch(f"{PROGRAMS}/{program.pk}", {"name": "Two"}).status_code == 200

    entry = Entry.objects.get(action="identity.program.changed")
    assert (entry.actor_type, entry.actor_id) == ("user", str(alice.pk))


@pytest.mark.parametrize(
    "wrong", [{"password": "wrong"}, {"email": "nobody@example.com"}, {"password": f" {PASSWORD}"}]
)
def test_a_wrong_password_and_an_unknown_address_look_the_same(bob: User, wrong: dict[str, str]) -> None:
    answer = sign_in(**wrong)

    assert answer.status_code == 401
    assert {**answer.json(), "correlation_id": None} == nobody()
    assert not TokenFamily.objects.exists()


def test_guessing_is_counted_and_locks_out(bob: User) -> None:
    for _ in range(7):
        assert sign_in(password="wrong").status_code == 401
    locked = sign_in(password="wrong")

    assert (locked.status_code, locked.json()["code"]) == (429, "sign_in_locked")
    assert locked["Retry-After"] == "900"
    assert sign_in().json()["code"] == "sign_in_locked"
    assert not TokenFamily.objects.exists()


def test_signing_in_is_throttled_harder(bob: User) -> None:
    statuses = [post("refresh", {"refresh": "x"}).status_code for _ in range(21)]

    assert statuses == [401] * 20 + [429]
    assert APIClient().get(PROGRAMS).status_code == 401


def test_an_unconfirmed_address_does_not_sign_in(bob: User) -> None:
    EmailAddress.objects.update(verified=False)

    assert sign_in().json()["code"] == "email_not_verified"
    assert sign_in(password="wrong").status_code == 401


def test_a_deactivated_person_does_not_sign_in(bob: User) -> None:
    User.objects.update(is_active=False)

    assert sign_in().status_code == 401


# The second factor


def test_who_has_a_second_factor_shows_it(bob: User, app: str) -> None:
    assert sign_in().json()["code"] == "second_factor_code_required"
    assert sign_in(code="000000" if code_of(app) != "000000" else "1").json()["code"] == "second_factor_wrong"
    assert not TokenFamily.objects.exists()

    answer = sign_in(code=code_of(app))

    assert answer.status_code == 200
    assert Entry.objects.get(action="identity.token_family.begun").payload["second_factor"] == "totp"
    assert Entry.objects.filter(action="identity.user.failed_second_factor", actor_id=str(bob.pk)).count() == 1


def test_a_recovery_code_works_once(bob: User, app: str) -> None:
    code = RecoveryCodes.activate(bob).generate_codes()[0]

    assert sign_in(code=code).status_code == 200
    assert sign_in(code=code).json()["code"] == "second_factor_wrong"


def test_guessing_codes_locks_out_too(bob: User, app: str) -> None:
    codes = [sign_in(code="no").json()["code"] for _ in range(8)]

    assert codes == ["second_factor_wrong"] * 7 + ["sign_in_locked"]
    assert sign_in(code=code_of(app)).json()["code"] == "sign_in_locked"


def test_who_is_locked_out_does_not_step_up(bob: User, app: str) -> None:
    access = sign_in(code=RecoveryCodes.activate(bob).generate_codes()[0]).json()["access"]
    for _ in range(8):
        last = post("step-up", {"code": "no"}, access=access)
    assert last.json()["code"] == "sign_in_locked"

    answer = post("step-up", {"code": code_of(app)}, access=access)

    assert (answer.status_code, answer.json()["code"]) == (429, "sign_in_locked")
    assert not Entry.objects.filter(action="identity.token_family.stepped_up").exists()


def test_stepping_up(bob: User, app: str) -> None:
    access = sign_in(code=RecoveryCodes.activate(bob).generate_codes()[0]).json()["access"]

    answer = post("step-up", {"code": code_of(app)}, access=access)

    assert answer.status_code == 200
    assert "refresh" not in answer.json()
    claims = jwt.decode(answer.json()["access"], options={"verify_signature": False})
    assert abs(claims["stepped_up_at"] - timezone.now().timestamp()) < 5
    assert opens(answer.json()["access"]) == 200
    assert Entry.objects.filter(action="identity.token_family.stepped_up").count() == 1


@pytest.mark.parametrize("shared_cache", [True, False])
def test_a_code_that_was_used_is_refused(bob: User, app: str, shared_cache: bool) -> None:
    code = code_of(app)
    access = sign_in(code=code).json()["access"]
    if not shared_cache:  # another process, with a cache of its own
        cache.clear()

    again = post("step-up", {"code": code}, access=access)

    assert (again.status_code, again.json()["code"]) == (403, "second_factor_wrong")
    spaced = post("step-up", {"code": f"{code[:3]} {code[3:]}"}, access=access)
    assert spaced.json()["code"] == "second_factor_wrong"


def test_stepping_up_without_a_second_factor_is_refused(pair: dict[str, Any]) -> None:
    assert post("step-up", {"code": "123456"}, access=pair["access"]).json()["code"] == "second_factor_wrong"


def test_a_session_does_not_step_up_here(api_as: Any, bob: User) -> None:
    assert api_as(bob).post(f"{AUTH}/step-up", {"code": "1"}).status_code == 403
    assert post("step-up", {"code": "1"}).status_code == 401


# Going on


def test_a_refresh_token_works_once(pair: dict[str, Any]) -> None:
    answer = post("refresh", {"refresh": pair["refresh"]})

    assert answer.status_code == 200
    following = answer.json()
    assert opens(following["access"]) == 200
    assert opens(pair["access"]) == 200
    assert post("refresh", {"refresh": following["refresh"]}).status_code == 200


def test_a_refresh_token_that_comes_twice_ends_the_sign_in(pair: dict[str, Any]) -> None:
    following = post("refresh", {"refresh": pair["refresh"]}).json()

    again = post("refresh", {"refresh": pair["refresh"]})

    assert {**again.json(), "correlation_id": None} == nobody()
    for token in (pair["access"], following["access"]):
        assert opens(token) == 401
    assert post("refresh", {"refresh": following["refresh"]}).status_code == 401
    entry = Entry.objects.get(action="identity.token_family.revoked")
    assert (entry.actor_id, entry.payload["reason"]) == ("token-rotation", "a refresh token was used twice")


def test_an_access_token_does_not_refresh(pair: dict[str, Any]) -> None:
    assert post("refresh", {"refresh": pair["access"]}).status_code == 401


def test_a_stepped_up_token_is_not_refreshed_into_another(bob: User, app: str) -> None:
    refresh = sign_in(code=code_of(app)).json()["refresh"]

    following = post("refresh", {"refresh": refresh}).json()

    assert "stepped_up_at" not in jwt.decode(following["access"], options={"verify_signature": False})


@pytest.mark.parametrize("which", ["access", "refresh"])
def test_signing_out_ends_it(pair: dict[str, Any], which: str) -> None:
    assert post("revoke", {"token": pair[which]}).status_code == 204
    assert post("revoke", {"token": pair[which]}).status_code == 204

    assert opens(pair["access"]) == 401
    assert post("refresh", {"refresh": pair["refresh"]}).status_code == 401
    assert Entry.objects.filter(action="identity.token_family.revoked").count() == 1


def test_signing_out_ends_nobody_else(pair: dict[str, Any]) -> None:
    other = sign_in().json()

    assert post("revoke", {"token": "nonsense"}).status_code == 204
    assert post("revoke", {"token": other["access"]}).status_code == 204

    assert opens(pair["access"]) == 200


# What ends a token


def test_another_password_ends_every_token(bob: User, pair: dict[str, Any]) -> None:
    bob.set_password("another long password")
    bob.save()

    assert opens(pair["access"]) == 401
    assert post("refresh", {"refresh": pair["refresh"]}).status_code == 401
    assert RefreshToken.objects.get().used_at is None


def test_deactivation_ends_every_token(bob: User, pair: dict[str, Any]) -> None:
    User.objects.update(is_active=False)

    assert opens(pair["access"]) == 401
    assert post("refresh", {"refresh": pair["refresh"]}).status_code == 401


@pytest.mark.parametrize(
    ("after", "status"),
    [
        (timedelta(minutes=10), 200),  # the clocks of two machines differ
        (timedelta(minutes=10, seconds=12), 401),
        (timedelta(seconds=-9), 200),
        (timedelta(seconds=-12), 401),
    ],
)
def test_clocks_may_differ_a_little(pair: dict[str, Any], clock: Any, after: timedelta, status: int) -> None:
    clock(after)

    assert opens(pair["access"]) == status


def test_a_refresh_token_lasts_two_weeks(pair: dict[str, Any], clock: Any) -> None:
    clock(timedelta(days=14, seconds=12))
    assert post("refresh", {"refresh": pair["refresh"]}).status_code == 401

    clock(timedelta(days=13, hours=23))
    assert post("refresh", {"refresh": pair["refresh"]}).status_code == 200


def test_secrets_rotate(pair: dict[str, Any], settings: LazySettings) -> None:
    settings.JWT_SECRETS = ["the-newest-secret-of-32-characters", settings.JWT_SECRETS[0]]
    assert opens(pair["access"]) == 200

    settings.JWT_SECRETS = ["the-newest-secret-of-32-characters"]
    assert opens(pair["access"]) == 401


def forged(pair: dict[str, Any], *, secret: str | None = None, algorithm: str = "HS256", **changes: Any) -> str:
    claims = {**jwt.decode(pair["access"], options={"verify_signature": False}), **changes}
    claims = {name: value for name, value in claims.items() if value is not None}
    key = "the-new-secret-of-32-characters-!" if secret is None else secret
    return jwt.encode(claims, key or None, algorithm=algorithm)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "forgery",
    [
        {"secret": "somebody-else-s-secret-of-32-characters"},
        {"secret": "", "algorithm": "none"},
        {"algorithm": "HS512", "secret": "the-new-secret-of-32-characters-!" * 2},
        {"typ": "refresh"},
        {"typ": None},
        {"exp": None},
        {"exp": 10**18},
        {"exp": "tomorrow"},
        {"exp": True},
        {"family": None},
        {"family": "x"},
        {"family": "01a1f98c-3626-757e-9c67-d04826924fec"},
        {"sub": "01a1f98c-3626-757e-9c67-d04826924fec"},
        {"sub": "x"},
        {"epoch": "0" * 16},
        {"stepped_up_at": "now"},
    ],
)
def test_a_token_that_is_not_ours_is_a_stranger_s(pair: dict[str, Any], forgery: dict[str, Any]) -> None:
    access = forged(pair, **forgery)
    answer = APIClient().get(PROGRAMS, headers={"Authorization": f"Bearer {access}"})

    assert answer.status_code == 401
    assert {**answer.json(), "correlation_id": None} == nobody()


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "a" * 3000, "é"], ids=len)
def test_nonsense_is_a_stranger_s(bob: User, token: str) -> None:
    assert opens(token) == 401
    assert post("refresh", {"refresh": token or " x"}).status_code == 401


def test_an_unchanged_token_passes_the_forger_s_hands(pair: dict[str, Any]) -> None:
    assert opens(forged(pair)) == 200


def test_no_token_is_stored(pair: dict[str, Any]) -> None:
    stored = str([*TokenFamily.objects.values(), *RefreshToken.objects.values(), *Entry.objects.values()])

    jti = tokens.read(pair["refresh"], kind=tokens.REFRESH, at=timezone.now()).jti
    for secret in (pair["access"], pair["refresh"], jti):
        assert secret not in stored
    assert Authenticator.objects.count() == 0
