"""How long ago somebody showed a second factor, and who never can."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory
from django.utils import timezone

from identity.callers import Caller, KeyCaller, PersonCaller, ServiceCaller
from identity.doors import require_second_factor, second_factor_age
from identity.errors import SecondFactorRequired
from identity.models import ApiKey, User

pytestmark = pytest.mark.django_db


def session_of(user: Any, *records: dict[str, Any], of: Any = None) -> Any:
    request: Any = RequestFactory().get("/")
    request.user = user
    request.session = SessionStore()
    request.session["account_authentication_methods"] = list(records)
    request.session["account_authentication_methods_user"] = str((of or user).pk)
    return request


def called_by(caller: Caller) -> Any:
    request: Any = RequestFactory().get("/")
    request.auth, request.user, request.session = caller, caller, SessionStore()
    return request


def ago(seconds: int) -> float:
    return time.time() - seconds


@pytest.mark.parametrize(
    ("records", "passes"),
    [
        ([], False),
        ([{"method": "password", "at": 0}], False),
        ([{"method": "mfa", "at": 299, "type": "totp"}], True),
        ([{"method": "mfa", "at": 302}], False),
        ([{"method": "mfa", "at": 9000}, {"method": "password", "at": 1, "reauthenticated": True}], False),
        ([{"method": "mfa", "at": 9000}, {"method": "mfa", "at": 10, "reauthenticated": True}], True),
    ],
)
def test_a_session_remembers(bob: User, records: list[dict[str, Any]], passes: bool) -> None:
    request = session_of(bob, *[{**said, "at": ago(said["at"])} for said in records])

    if passes:
        require_second_factor(request, at=timezone.now())
    else:
        with pytest.raises(SecondFactorRequired):
            require_second_factor(request, at=timezone.now())


def test_another_person_s_record_counts_for_nobody(bob: User, charlie: User) -> None:
    request = session_of(bob, {"method": "mfa", "at": ago(1)}, of=charlie)

    assert second_factor_age(request, at=timezone.now()) is None


def test_a_stepped_up_token_is_fresh_for_five_minutes(bob: User) -> None:
    now = timezone.now()

    for age, expected in ((timedelta(minutes=5), True), (timedelta(minutes=5, seconds=1), False)):
        request = called_by(PersonCaller(bob, stepped_up_at=now - age, family=bob.pk))
        assert second_factor_age(request, at=now) == age
        if expected:
            require_second_factor(request, at=now)
        else:
            with pytest.raises(SecondFactorRequired):
                require_second_factor(request, at=now)


def test_a_token_does_not_borrow_from_a_session(bob: User) -> None:
    request = session_of(bob, {"method": "mfa", "at": ago(1)})
    request.auth = PersonCaller(bob, family=bob.pk)

    assert second_factor_age(request, at=timezone.now()) is None


def test_keys_and_the_service_never_satisfy_it(bob: User) -> None:
    for caller in (KeyCaller(ApiKey(scopes=["wallet.credit"])), ServiceCaller()):
        with pytest.raises(SecondFactorRequired):
            require_second_factor(called_by(caller), at=timezone.now())
    assert second_factor_age(session_of(AnonymousUser()), at=timezone.now()) is None
