"""What happens once happens once when many ask for it at the same moment, with real commits."""

import functools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from audit.context import acting_as
from audit.errors import DomainError
from audit.models import Entry
from identity import rules
from identity.errors import (
    AddressTaken,
    KeyCollected,
    KeyRevoked,
    NoSecondFactor,
    ProofUsed,
    SecondFactorWrong,
    SettingChanged,
)
from identity.models import ApiKey, RefreshToken, Setting, SettingVersion, TokenFamily, WalletAddress
from identity.operations import (
    ask_for_proof,
    change_setting,
    check_second_factor,
    collect_api_key,
    issue_tokens,
    note_refusal,
    prepare_api_key,
    prove_address,
    refresh_tokens,
    reset_second_factor,
    revoke_api_key,
)
from identity.tokens import BadToken
from tests.factories import ProgramFactory, ProposalFactory, UserFactory
from tests.identity.test_api_tokens import code_of
from tests.wallet import ADDRESS, sign

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 12


def all_at_once(act: Callable[[], Any]) -> list[Any]:
    """Return what came of ``act`` in many threads: its results, and its refusals."""
    outcomes: list[Any] = []
    start = threading.Barrier(AT_ONCE)

    def one() -> None:
        try:
            start.wait(timeout=30)
            with acting_as("test", "race"):
                outcomes.append(act())
        except (DomainError, BadToken) as refusal:
            outcomes.append(type(refusal))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(outcomes) == AT_ONCE
    return outcomes


@pytest.mark.usefixtures("acting")
def test_a_refresh_token_in_many_hands_gives_one_pair_and_ends_the_sign_in() -> None:
    refresh = issue_tokens(user=UserFactory(), second_factor="none", at=timezone.now()).refresh

    outcomes = all_at_once(lambda: refresh_tokens(refresh, at=timezone.now()))

    assert outcomes.count(BadToken) == AT_ONCE - 1
    assert RefreshToken.objects.count() == 2
    assert TokenFamily.objects.get().revoked_at is not None
    assert Entry.objects.filter(action="identity.token_family.revoked").count() == 1


def money_key() -> ApiKey:
    now = timezone.now()
    return prepare_api_key(
        program=ProgramFactory(), name="Till", scopes=["wallet.credit"], expires_at=now + timedelta(days=1),
        by=UserFactory(), at=now,
    )  # fmt: skip


@pytest.mark.usefixtures("acting")
def test_a_secret_is_collected_once() -> None:
    key = money_key()

    outcomes = all_at_once(lambda: collect_api_key(key.pk, by=key.created_by, at=timezone.now()))

    assert outcomes.count(KeyCollected) == AT_ONCE - 1
    [(_, secret)] = [outcome for outcome in outcomes if outcome is not KeyCollected]
    key.refresh_from_db()
    assert key.secret_hash == rules.hash_of(secret)
    assert Entry.objects.filter(action="identity.api_key.collected").count() == 1


@pytest.mark.usefixtures("acting")
def test_a_key_is_revoked_once() -> None:
    key = money_key()

    outcomes = all_at_once(lambda: revoke_api_key(key.pk, reason="leaked", at=timezone.now()))

    assert outcomes.count(KeyRevoked) == AT_ONCE - 1
    assert Entry.objects.filter(action="identity.api_key.revoked").count() == 1


@pytest.mark.usefixtures("acting")
def test_a_second_factor_is_reset_once() -> None:
    user, proposal = UserFactory(), ProposalFactory()
    TOTP.activate(user, generate_totp_secret())

    outcomes = all_at_once(lambda: reset_second_factor(user.pk, proposal=proposal, at=timezone.now()))

    assert outcomes.count(NoSecondFactor) == AT_ONCE - 1
    assert Entry.objects.filter(action="identity.user.second_factor_reset").count() == 1


@pytest.mark.usefixtures("acting")
def test_a_proof_is_used_once() -> None:
    user, now = UserFactory(), timezone.now()
    text = ask_for_proof(ADDRESS, chain_id=1, by=user, at=now).text
    signature = sign(text)

    outcomes = all_at_once(lambda: prove_address(text, signature=signature, by=user, at=now))

    assert outcomes.count(ProofUsed) == AT_ONCE - 1
    assert Entry.objects.filter(action="identity.wallet_address.proven").count() == 1


@pytest.mark.usefixtures("acting")
def test_of_many_who_hold_one_key_the_first_has_the_address() -> None:
    now = timezone.now()
    given = [
        (user, ask_for_proof(ADDRESS, chain_id=1, by=user, at=now).text)
        for user in UserFactory.create_batch(AT_ONCE)
    ]  # fmt: skip
    signed = iter([(user, text, sign(text)) for user, text in given])

    def prove() -> WalletAddress:
        user, text, signature = next(signed)
        return prove_address(text, signature=signature, by=user, at=now)

    outcomes = all_at_once(prove)

    assert outcomes.count(AddressTaken) == AT_ONCE - 1
    assert WalletAddress.objects.count() == 1


def test_a_one_time_code_is_used_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # As between processes that share no cache: only the database is left to say no.
    monkeypatch.setattr(TOTP, "_mark_code_used", lambda *_: True)
    user = UserFactory()
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    code = code_of(secret)

    outcomes = all_at_once(lambda: check_second_factor(user=user, code=code, at=timezone.now()))

    assert outcomes.count("totp") == 1
    assert outcomes.count(SecondFactorWrong) == AT_ONCE - 1


@pytest.mark.usefixtures("acting")
def test_of_many_who_set_it_for_the_first_time_one_does() -> None:
    program = ProgramFactory()
    change = functools.partial(change_setting, "identity.nightly_hour", program=program, reason="x", at=timezone.now())
    hours = iter(range(AT_ONCE))  # each wants another

    outcomes = all_at_once(lambda: change(value=next(hours), version=0))

    assert outcomes.count(SettingChanged) == AT_ONCE - 1
    assert Setting.objects.get().version == 1
    assert Entry.objects.filter(action="identity.setting.changed").count() == 1


@pytest.mark.usefixtures("acting")
def test_of_many_who_saw_one_version_one_changes_it() -> None:
    program = ProgramFactory()
    change = functools.partial(change_setting, "identity.nightly_hour", program=program, reason="x", at=timezone.now())
    change(value=23, version=0)
    hours = iter(range(AT_ONCE))

    with ThreadPoolExecutor() as pool:
        with transaction.atomic():
            Setting.objects.locked().get()  # until all of them stand in line
            racing = pool.submit(all_at_once, lambda: change(value=next(hours), version=1))
            wait_until_all_wait()
        outcomes = racing.result(timeout=60)

    assert outcomes.count(SettingChanged) == AT_ONCE - 1
    assert Setting.objects.get().version == 2
    assert list(SettingVersion.objects.order_by("version").values_list("version", flat=True)) == [1, 2]
    assert Entry.objects.filter(action="identity.setting.changed").count() == 2


def wait_until_all_wait() -> None:
    """Return when so many wait for a lock of this database as race."""
    end = time.monotonic() + 30
    with connection.cursor() as cursor:
        waiting = 0
        while waiting < AT_ONCE and time.monotonic() < end:
            cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
            waiting = cursor.fetchone()[0]
    assert waiting >= AT_ONCE


@pytest.mark.usefixtures("acting")
def test_a_change_without_history_does_not_commit() -> None:
    program = ProgramFactory()
    change_setting("identity.nightly_hour", program=program, value=3, version=0, reason="x", at=timezone.now())

    with pytest.raises(IntegrityError, match="no history"):
        Setting.objects.update(value=4, version=2)

    assert Setting.objects.get().value == 3


def test_the_same_refusal_in_many_processes_is_one_line() -> None:
    program, now = ProgramFactory(), timezone.now()

    all_at_once(
        lambda: note_refusal(
            "identity.access.probed", subject=program, program_id=program.pk, code="x", reason="x", at=now
        )
    )

    assert Entry.objects.filter(action="identity.access.probed").count() == 1
