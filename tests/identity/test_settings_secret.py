"""Secret settings: readable with the key and in their place, and nowhere else."""

import base64
import hashlib
import io
import json
import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Entry
from config.operators.examination import examine
from identity import vault
from identity.errors import SettingUnreadable
from identity.models import Program, Setting, SettingVersion
from identity.operations import change_setting, reencrypt_setting
from identity.proposable.settings import CHANGE_SETTING
from identity.queries.settings import setting
from identity.states import Role
from tests.factories import MembershipFactory, ProgramFactory
from tests.identity.settables import registered
from tests.identity.test_admin_four_eyes import ballot_on, client_of, owner
from tests.identity.test_settings import spoil

pytestmark = pytest.mark.django_db

SECRET = "hunter2-correct-horse-battery"


@pytest.fixture(autouse=True)
def _settables() -> Iterator[None]:
    with registered():
        yield


def new_key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def set_token(program: Program, value: str | None = SECRET, *, version: int = 0) -> Any:
    return change_setting("shop.token", program=program, value=value, version=version, reason="new", at=timezone.now())


@pytest.mark.usefixtures("acting")
def test_a_secret_is_read_and_stored_encrypted(program: Program) -> None:
    stands = set_token(program)

    assert setting("shop.token", program) == SECRET
    row = Setting.objects.get()
    assert row.value is None
    assert SECRET not in row.ciphertext
    assert row.ciphertext.startswith(f"1.{vault.current_key_id()}.")
    assert stands.stored is None
    assert stands.shown == f"Set, hidden ({row.fingerprint[:8]})"
    assert SECRET not in repr(stands) + repr(row) + repr(vault._keys())


@pytest.mark.usefixtures("acting")
def test_the_fingerprint_tells_the_same_from_another_and_nothing_more(program: Program) -> None:
    set_token(program)
    set_token(program, "another", version=1)
    set_token(program, SECRET, version=2)
    other = ProgramFactory()
    set_token(other)

    first, second, third = SettingVersion.objects.filter(program=program).order_by("version")
    assert first.fingerprint == third.fingerprint != second.fingerprint
    assert Setting.objects.get(program=other).fingerprint != first.fingerprint  # two programs' secrets don't compare
    assert {row.value for row in SettingVersion.objects.all()} == {None}


@pytest.mark.usefixtures("acting")
def test_the_same_secret_again_is_no_version_and_none_takes_it_away(program: Program) -> None:
    set_token(program)
    set_token(program, version=1)
    assert Setting.objects.get().version == 1

    set_token(program, None, version=1)

    assert setting("shop.token", program) is None
    assert Setting.objects.get().ciphertext == ""


@pytest.mark.usefixtures("acting")
def test_a_ciphertext_of_another_row_opens_nothing(program: Program) -> None:
    other = ProgramFactory()
    set_token(program)
    set_token(other, "mine")
    spoil(ciphertext=Setting.objects.get(program=program).ciphertext)

    assert setting("shop.token", program) == SECRET
    with pytest.raises(SettingUnreadable, match="not what was encrypted for this place"):
        setting("shop.token", other)


@pytest.mark.usefixtures("acting")
def test_a_ciphertext_of_an_older_version_opens_nothing(program: Program) -> None:
    set_token(program, "leaked")
    leaked = Setting.objects.get().ciphertext
    set_token(program, version=1)
    spoil(ciphertext=leaked)

    with pytest.raises(SettingUnreadable):
        setting("shop.token", program)


@pytest.mark.usefixtures("acting")
@pytest.mark.parametrize(
    "stored", ["", "x", "1.abc", "2.{id}.AAAA", "1.{id}.", "1.{id}.!!", "1.{id}.AAAAAAAAAAAAAAAA", "1.é.A"]
)
def test_what_is_no_ciphertext_is_refused(program: Program, stored: str) -> None:
    set_token(program)
    spoil(ciphertext=stored.format(id=vault.current_key_id()) or " ")

    with pytest.raises(SettingUnreadable):
        setting("shop.token", program)


@pytest.mark.usefixtures("acting")
def test_keys_rotate(program: Program, settings: Any) -> None:
    set_token(program)
    settings.SETTINGS_KEYS = [new_key(), *settings.SETTINGS_KEYS]
    assert setting("shop.token", program) == SECRET
    said = io.StringIO()

    call_command("reencrypt_settings", stdout=said)

    assert "1 secret" in said.getvalue()
    settings.SETTINGS_KEYS = settings.SETTINGS_KEYS[:1]  # the old key may go
    assert setting("shop.token", program) == SECRET
    row = Setting.objects.get()
    assert row.version == 2
    assert Entry.objects.filter(action="identity.setting.reencrypted", payload__version=2).count() == 1
    assert reencrypt_setting(row.pk, at=timezone.now()).version == 2  # nothing left to do


@pytest.mark.usefixtures("acting")
def test_without_its_key_a_secret_is_refused_in_words_and_the_doctor_says_so(program: Program, settings: Any) -> None:
    set_token(program)
    lost = vault.current_key_id()
    settings.SETTINGS_KEYS = [new_key()]

    with pytest.raises(SettingUnreadable, match=f"key {lost}"):
        setting("shop.token", program)
    [finding] = [finding for finding in examine(now=timezone.now()) if finding.part == "secrets"]
    assert not finding.is_well
    assert lost in finding.says
    with pytest.raises(SystemExit) as left:
        call_command("reencrypt_settings", stdout=io.StringIO(), stderr=io.StringIO())
    assert left.value.code == 1

    set_token(program, "anew", version=1)  # what can't be read can be set anew

    assert setting("shop.token", program) == "anew"


@pytest.mark.usefixtures("acting")
def test_the_doctor_is_content_with_secrets_that_open(program: Program, settings: Any) -> None:
    set_token(program)
    settings.SETTINGS_KEYS = [new_key(), *settings.SETTINGS_KEYS]

    [finding] = [finding for finding in examine(now=timezone.now()) if finding.part == "secrets"]

    assert finding.is_well
    assert "reencrypt_settings" in finding.says


def test_no_door_shows_a_secret(program: Program, caplog: pytest.LogCaptureFixture, capsys: Any) -> None:
    """Set one directly and one by proposal, through API and admin, and look for it in everything that is left."""
    olivia, oscar = owner("olivia", program), owner("oscar", program)
    other = f"{SECRET}-of-money"
    answers = []

    def ask(client: Client, method: str, url: str, body: Any = None, **more: Any) -> Any:
        answer = getattr(client, method)(url, body, **more)
        answers.append(answer.content.decode())
        return answer

    caplog.set_level(logging.DEBUG)
    api = client_of(olivia)
    as_json = {"content_type": "application/json", "headers": {"X-Program": "acme", "Idempotency-Key": "k-1"}}
    url = "/api/v2/settings/shop.token"
    assert ask(api, "patch", url, {"version": 0, "value": SECRET, "reason": "x"}, **as_json).status_code == 200
    assert ask(api, "patch", url, {"version": 0, "value": SECRET, "reason": "x"}, **as_json).status_code == 409
    assert ask(api, "patch", url, {"version": 1, "value": [SECRET], "reason": "x"}, **as_json).status_code == 422
    payload = {"key": "shop.vault", "version": 0, "value": other}
    wish = {"kind": CHANGE_SETTING, "program": "acme", "payload": payload, "reason": "x"}
    assert ask(api, "post", "/api/v2/proposals", wish, **as_json).status_code == 201
    assert ask(api, "post", "/api/v2/proposals", wish, **as_json).headers["Idempotent-Replayed"] == "true"
    proposal = program.proposals.get()
    vote = f"/api/v2/proposals/{proposal.pk}/vote"
    assert ask(client_of(oscar), "post", vote, ballot_on(proposal), **as_json).json()["state"] == "EXECUTED"
    page = reverse("admin:identity_setting_one", args=["acme", "shop.token"])
    form = {"version": 1, "value": SECRET + "\x01", "reason": "x"}
    assert ask(api, "post", page, form).status_code == 200  # refused, and the form comes again
    assert ask(api, "post", page, {**form, "value": SECRET + "2"}, follow=True).status_code == 200
    ada = client_of(MembershipFactory(program=program, role=Role.AUDITOR).user)
    for client in (api, ada):
        for address in (
            "/api/v2/settings", url, f"{url}/history", "/api/v2/settings/shop.vault", "/api/v2/proposals",
            "/api/v2/enterprise/audit", "/admin/", reverse("admin:identity_setting_changelist"), page,
            reverse("admin:identity_setting_one", args=["acme", "shop.vault"]),
            reverse("admin:identity_proposal_change", args=[proposal.pk]),
            *(reverse("admin:identity_setting_change", args=[row.pk]) for row in Setting.objects.all()),
            *(reverse("admin:audit_entry_change", args=[entry.pk]) for entry in Entry.objects.all()),
        ):  # fmt: skip
            assert ask(client, "get", address, headers={"X-Program": "acme"}).status_code == 200, address

    assert setting("shop.vault", program) == other
    assert setting("shop.token", program) == SECRET + "2"
    left = [*answers, caplog.text, *capsys.readouterr(), *everything_stored()]
    assert len(left) > 50
    needles = [SECRET, SECRET.encode().hex(), base64.b64encode(SECRET.encode()).decode()[:-2]]
    # A plain hash of it could be guessed at, offline and fast.
    for said in (payload, other, SECRET, SECRET + "2"):
        for text in (str(said), json.dumps(said, sort_keys=True)):
            needles += [algorithm(text.encode()).hexdigest() for algorithm in (hashlib.sha256, hashlib.sha1)]
    for needle in needles:
        assert not [text[:200] for text in left if needle in text]


def everything_stored() -> Iterator[str]:
    """Yield every row of every table as text."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" AS t')
            for (text,) in cursor.fetchall():
                yield text
