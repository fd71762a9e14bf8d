"""What has expired is removed, batch by batch; what somebody could still use, or still sends again, stays."""

import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from unittest import mock
from uuid import UUID

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.context import acting_as
from audit.rules import first_id_after, first_id_at
from identity import rules, tasks, tokens
from identity.errors import SecondFactorWrong
from identity.models import IdempotencyRecord, Program, RefreshToken, TokenFamily, UsedCode, User
from identity.operations import (
    change_setting,
    check_second_factor,
    issue_tokens,
    refresh_tokens,
    remove_dead_tokens,
    remove_old_outcomes,
    remove_used_codes,
    revoke_tokens,
    run_once,
    sweep,
)
from identity.operations.run_once import Outcome
from identity.operations.sweep import BATCH_ROWS
from identity.tokens import BadToken
from tests.factories import UserFactory
from tests.identity.test_api_tokens import code_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("acting")]

NOW = timezone.now()
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _ids_of_the_past(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of the past are made here now, so their ids are younger than they are."""
    for module in ("remove_dead_tokens", "remove_old_outcomes"):
        found = sys.modules[f"identity.operations.{module}"]
        monkeypatch.setattr(found, "first_id_after", lambda _moment: UUID(int=2**128 - 1))


# Idempotency


def once(at: datetime, *, key: str = "k-1", field: str = "same", work: Callable[[], Outcome] | None = None) -> Outcome:
    done = work or (lambda: Outcome(status=201, body={"at": str(at)}, kept={"at": str(at)}))
    return run_once(key, program=None, caller="user:x", route="POST x", fields={"f": field}, work=done, at=at)


@pytest.mark.parametrize("age", [timedelta(0), timedelta(days=1), timedelta(days=29, hours=23), timedelta(days=30)])
def test_a_replay_within_the_days_is_a_replay(age: timedelta) -> None:
    first = once(NOW - age)

    assert remove_old_outcomes(at=NOW) == 0

    again = once(NOW)
    assert (again.replayed, again.body) == (True, first.body)


def test_after_the_days_the_key_is_new_again() -> None:
    once(NOW - timedelta(days=30) - SECOND)

    assert remove_old_outcomes(at=NOW) == 1

    assert not once(NOW, field="another").replayed


def test_the_house_may_remember_longer_and_not_shorter(house: Program) -> None:
    once(NOW - timedelta(days=40))
    change_setting("identity.outcome_days", program=house, value=60, version=0, reason="audits", at=NOW)

    assert remove_old_outcomes(at=NOW) == 0
    with pytest.raises(Exception, match="30"):
        change_setting("identity.outcome_days", program=house, value=29, version=1, reason="x", at=NOW)
    assert remove_old_outcomes(at=NOW + timedelta(days=20) + SECOND) == 1


def test_what_goes_on_is_never_removed() -> None:
    old = NOW - timedelta(days=400)
    IdempotencyRecord.objects.create(caller="user:x", route="POST x", key="k-1", fields={}, created_at=old)

    assert remove_old_outcomes(at=NOW) == 0


def test_a_key_that_is_removed_while_its_twin_looks_does_the_work() -> None:
    once(NOW - timedelta(days=31))
    look = IdempotencyRecord.objects.filter

    def removed_first(**of_key: Any) -> Any:
        if "key" in of_key:
            look(status__isnull=False).delete()
        return look(**of_key)

    with mock.patch.object(IdempotencyRecord, "objects", mock.Mock(filter=removed_first)):
        outcome = once(NOW)

    assert not outcome.replayed
    assert IdempotencyRecord.objects.get().created_at == NOW


# Tokens


def signed_in(at: datetime) -> tuple[TokenFamily, str]:
    pair = issue_tokens(user=UserFactory(), second_factor="none", at=at)
    return TokenFamily.objects.latest("created_at"), pair.refresh


@pytest.mark.parametrize(("days", "kept"), [(0, True), (14, True), (43, True), (45, False)])
def test_an_expired_sign_in_is_kept_for_thirty_days(days: int, kept: bool) -> None:
    signed_in(NOW - timedelta(days=days))  # its token lasts fourteen

    remove_dead_tokens(at=NOW)

    assert TokenFamily.objects.exists() == RefreshToken.objects.exists() == kept


@pytest.mark.parametrize(("days", "kept"), [(29, True), (31, False)])
def test_a_revoked_one_likewise(days: int, kept: bool) -> None:
    family, refresh = signed_in(NOW - timedelta(days=days))
    revoke_tokens(family.pk, reason="signed out", at=NOW - timedelta(days=days))

    remove_dead_tokens(at=NOW)

    assert TokenFamily.objects.exists() == RefreshToken.objects.exists() == kept
    with pytest.raises(BadToken):
        refresh_tokens(refresh, at=NOW)


def test_a_sign_in_that_goes_on_stays_and_still_knows_a_token_that_comes_twice() -> None:
    family, refresh = signed_in(NOW - timedelta(days=60))
    for days in range(55, -1, -5):
        refresh, before = refresh_tokens(refresh, at=NOW - timedelta(days=days)).refresh, refresh

    remove_dead_tokens(at=NOW)

    assert 0 < RefreshToken.objects.count() < 13
    with pytest.raises(BadToken):
        refresh_tokens(before, at=NOW)
    family.refresh_from_db()
    assert family.revoked_at is not None


# Codes


def test_a_used_code_is_forgotten_once_no_app_shows_it() -> None:
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    user, secret = UserFactory(), generate_totp_secret()
    TOTP.activate(user, secret)
    now = timezone.now()
    code = code_of(secret)
    check_second_factor(user=user, code=code, at=now)

    assert remove_used_codes(at=now + rules.CODE_REMEMBERED) == 0
    with pytest.raises(SecondFactorWrong):
        check_second_factor(user=user, code=code, at=now)
    assert remove_used_codes(at=now + rules.CODE_REMEMBERED + SECOND) == 1


# Many


def many(user: User, count: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO identity_usedcode (user_id, code_hash, used_at) "
            "SELECT %s, lpad(n::text, 64, '0'), now() - interval '1 day' FROM generate_series(1, %s) n",
            [user.pk, count],
        )


def test_many_are_removed_in_batches() -> None:
    many(UserFactory(), 3 * BATCH_ROWS + 7)

    with CaptureQueriesContext(connection) as asked:
        assert sweep(UsedCode.objects.all()) == 3 * BATCH_ROWS + 7

    assert sum("DELETE" in query["sql"] for query in asked) == 4
    assert not UsedCode.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_somebody_holds_is_passed_over_and_not_waited_for() -> None:
    many(UserFactory(), 5)
    held = UsedCode.objects.latest("pk")
    removed: list[int] = []

    def elsewhere() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '3s'")
        removed.append(sweep(UsedCode.objects.all()))
        connections.close_all()

    with transaction.atomic():
        UsedCode.objects.select_for_update().get(pk=held.pk)
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join(timeout=30)

    assert removed == [4]
    assert list(UsedCode.objects.all()) == [held]


def test_the_task_removes_all_of_it() -> None:
    many(UserFactory(), 2)
    once(NOW - timedelta(days=50))
    signed_in(NOW - timedelta(days=50))

    with acting_as("task", "sweep"):
        assert tasks.remove_expired() == {"remove_used_codes": 2, "remove_dead_tokens": 2, "remove_old_outcomes": 1}


def test_ids_tell_when_they_were_made() -> None:
    made = IdempotencyRecord(created_at=timezone.now()).pk
    now = timezone.now()

    assert first_id_at(now) <= made <= first_id_after(now)
    assert not first_id_at(now + timedelta(hours=3)) <= made
    assert not made <= first_id_after(now - timedelta(hours=3))
    assert tokens.REFRESH_LASTS < rules.DEAD_TOKENS_KEPT
