"""/api/v2/api-keys: made by people, shown once, and what a key then opens."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from audit.models import Entry
from identity import rules
from identity.models import ApiKey, IdempotencyRecord, Program, User
from identity.operations import propose, revoke_api_key, vote
from identity.proposable import CREATE_MONEY_KEY
from identity.states import Decision, Role
from tests.factories import MembershipFactory, ProgramFactory, UserFactory

pytestmark = pytest.mark.django_db

URL = "/api/v2/api-keys"
PROGRAMS = "/api/v2/programs"


@pytest.fixture
def olivia(program: Program) -> User:
    """Owner of Acme."""
    user = UserFactory(email="olivia@example.com")
    MembershipFactory(user=user, program=program, role=Role.OWNER, created_at=timezone.now() - timedelta(days=9))
    return user


def make(client: APIClient, *, once: str = "k-1", **more: Any) -> Any:
    body = {"name": "Shop", "scopes": ["program.read"], **more}
    return client.post(URL, body, headers={"Idempotency-Key": once})


@pytest.fixture
def secret(api_as: Any, olivia: User) -> str:
    shown: str = make(api_as(olivia)).json()["secret"]
    return shown


def calling(credential: str, **headers: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Api-Key {credential}", **headers)
    return client


def test_an_owner_makes_a_key_and_sees_its_secret_once(api_as: Any, olivia: User, program: Program) -> None:
    answer = make(api_as(olivia))

    assert answer.status_code == 201
    key = ApiKey.objects.get()
    shown = answer.json()
    prefix, secret = shown.pop("secret").split(".")
    assert (prefix, rules.hash_of(secret)) == (key.prefix, key.secret_hash)
    assert shown["scopes"] == ["program.read"]
    assert shown["created_by"] == str(olivia.pk)
    assert answer["Cache-Control"] == "no-store"
    assert key.program == program
    assert timedelta(days=365) < key.expires_at - key.created_at <= timedelta(days=366)
    assert api_as(olivia).get(f"{URL}/{key.pk}").json() == shown


def test_the_secret_is_stored_nowhere(secret: str) -> None:
    written = [str(row) for model in (Entry, ApiKey, IdempotencyRecord) for row in model.objects.values()]

    assert len(written) == 3
    assert not [row for row in written if secret.split(".")[1] in row]
    entry = Entry.objects.get()
    assert entry.action == "identity.api_key.created"
    assert entry.payload["key_prefix"] == secret.split(".")[0]


def test_a_replay_says_that_the_secret_was_shown(api_as: Any, olivia: User, secret: str) -> None:
    again = make(api_as(olivia))

    assert again.status_code == 201
    assert again["Idempotent-Replayed"] == "true"
    assert again.json()["secret"] is None
    assert "shown once" in again.json()["notice"]
    assert ApiKey.objects.count() == 1


def test_a_key_opens_its_program_and_the_journal_names_it(secret: str, program: Program) -> None:
    assert [row["slug"] for row in calling(secret).get(PROGRAMS).json()["results"]] == ["acme"]
    assert ApiKey.objects.get().last_used_at is not None


def test_what_a_key_changes_is_the_key_s_doing(api_as: Any, olivia: User, program: Program) -> None:
    secret = make(api_as(olivia), scopes=["program.read", "program.change"]).json()["secret"]

    answer = calling(secret).patch(f"{PROGRAMS}/{program.pk}", {"name": "Acme Two"})

    assert answer.status_code == 200
    entry = Entry.objects.get(action="identity.program.changed")
    assert (entry.actor_type, entry.actor_id) == ("api_key", str(ApiKey.objects.get().pk))
    assert entry.program_id == program.pk


def test_a_session_s_change_is_the_person_s_doing(api_as: Any, olivia: User) -> None:
    make(api_as(olivia))

    entry = Entry.objects.get()
    assert (entry.actor_type, entry.actor_id) == ("user", str(olivia.pk))


def test_a_missing_scope_is_403(secret: str, program: Program) -> None:
    for answer in (
        calling(secret).patch(f"{PROGRAMS}/{program.pk}", {"name": "Mine"}),
        calling(secret).get(URL),
        make(calling(secret)),
        calling(secret).post(PROGRAMS, {"name": "x", "slug": "x"}, headers={"Idempotency-Key": "k"}),
    ):
        assert answer.status_code == 403
        assert answer.json()["code"] == "not_permitted"
    program.refresh_from_db()
    assert program.name == "Acme"
    assert ApiKey.objects.count() == 1


def test_another_program_is_not_there_for_a_key(secret: str, charlie: User) -> None:
    other = Program.objects.get(slug="other")

    assert calling(secret).get(f"{PROGRAMS}/{other.pk}").status_code == 404
    assert calling(secret).patch(f"{PROGRAMS}/{other.pk}", {"name": "Mine"}).status_code == 403
    assert [row["slug"] for row in calling(secret).get(PROGRAMS).json()["results"]] == ["acme"]


def broken_credentials(good: str) -> list[str]:
    prefix, secret = good.split(".")
    return ["", " ", "x", ".", prefix, f"{prefix}.", f".{secret}", f"{prefix}.{secret}x", f"{prefix}.{secret[:-1]}",
            f"{'0' * 12}.{secret}", f"{prefix} {secret}", f"{good}.{good}", "é" * 20,
            "a" * 5000, f"{good} x"]  # fmt: skip


def test_whatever_is_wrong_with_a_key_the_answer_is_the_same(secret: str, olivia: User) -> None:
    stranger = APIClient().get(PROGRAMS)
    expected = {**stranger.json(), "correlation_id": None}
    answers = [calling(credential).get(PROGRAMS) for credential in broken_credentials(secret)]
    key = ApiKey.objects.get()
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=timezone.now())
    answers.append(calling(secret).get(PROGRAMS))
    expired = ApiKey.objects.create(
        program=key.program, name="old", prefix="0a0a0a0a0a0a", secret_hash=rules.hash_of("secret"),
        scopes=["program.read"], created_by=olivia, created_at=timezone.now() - timedelta(days=2),
        expires_at=timezone.now() - timedelta(seconds=1),
    )  # fmt: skip
    answers.append(calling(f"{expired.prefix}.secret").get(PROGRAMS))
    uncollected = ApiKey.objects.create(
        program=key.program, name="new", prefix="0b0b0b0b0b0b", scopes=["program.read"], created_by=olivia,
        created_at=timezone.now(), expires_at=timezone.now() + timedelta(days=1),
    )  # fmt: skip
    answers += [calling(f"{uncollected.prefix}.{guess}").get(PROGRAMS) for guess in ("x", "None")]

    for answer in (stranger, *answers):
        assert answer.status_code == 401
        assert {**answer.json(), "correlation_id": None} == expected
        assert answer["WWW-Authenticate"] == stranger["WWW-Authenticate"]


def test_a_wrong_key_is_not_saved_by_a_good_session(api_as: Any, olivia: User) -> None:
    client = api_as(olivia)

    assert client.get(PROGRAMS, headers={"authorization": "Api-Key nonsense.nonsense"}).status_code == 401


def test_use_is_noted_once_a_minute(secret: str) -> None:
    calling(secret).get(PROGRAMS)
    first = ApiKey.objects.get().last_used_at
    assert first is not None
    calling(secret).get(PROGRAMS)
    assert ApiKey.objects.get().last_used_at == first

    ApiKey.objects.update(last_used_at=timezone.now() - timedelta(seconds=61))
    calling(secret).get(PROGRAMS)

    assert (ApiKey.objects.get().last_used_at or first) > first


def test_revoking_ends_it_at_once_and_once(api_as: Any, olivia: User, secret: str) -> None:
    url = f"{URL}/{ApiKey.objects.get().pk}/revoke"
    client = api_as(olivia)

    assert client.post(url, {"reason": "leaked"}, headers={"Idempotency-Key": "r1"}).status_code == 200

    assert calling(secret).get(PROGRAMS).status_code == 401
    again = client.post(url, {"reason": "leaked"}, headers={"Idempotency-Key": "r2"})
    assert (again.status_code, again.json()["code"]) == (409, "key_revoked")
    assert Entry.objects.filter(action="identity.api_key.revoked").count() == 1


@pytest.mark.parametrize("role", sorted(set(Role.values) - {"OWNER"}))
def test_only_owners_make_keys(api_as: Any, program: Program, role: str) -> None:
    somebody = MembershipFactory(program=program, role=role).user

    assert make(api_as(somebody)).status_code == 403
    assert not ApiKey.objects.exists()
    assert not IdempotencyRecord.objects.exists()


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"scopes": ["program.destroy"]}, "unknown_scope"),
        ({"scopes": ["key.manage"]}, "unknown_scope"),
        ({"scopes": ["operations.read"]}, "unknown_scope"),
        ({"scopes": ["proposal.vote"]}, "unknown_scope"),
        ({"scopes": ["program.read", "wallet.credit"]}, "key_needs_proposal"),
        ({"scopes": []}, "invalid"),
        ({"name": ""}, "invalid"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "key_expiry_out_of_range"),
        ({"expires_at": "2101-01-01T00:00:00Z"}, "key_expiry_out_of_range"),
        ({"expires_at": "tomorrow"}, "invalid"),
    ],
)
def test_what_can_not_be_is_refused(api_as: Any, olivia: User, sent: dict[str, Any], code: str) -> None:
    answer = make(api_as(olivia), **sent)

    assert answer.json()["code"] == code
    assert not ApiKey.objects.exists()
    assert not Entry.objects.exists()


def test_nobody_gives_away_what_they_do_not_hold(api_as: Any, olivia: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rules.ROLE_PERMISSIONS, "OWNER", rules.ROLE_PERMISSIONS["OWNER"] - {"journal.read"})

    answer = make(api_as(olivia), scopes=["journal.read"])

    assert (answer.status_code, answer.json()["code"]) == (403, "scope_not_held")
    assert not ApiKey.objects.exists()


def test_keys_of_another_program_are_not_there(api_as: Any, olivia: User, secret: str) -> None:
    stranger = MembershipFactory(program=ProgramFactory(slug="elsewhere"), role=Role.OWNER).user
    key = ApiKey.objects.get()
    client = api_as(stranger)

    assert client.get(URL).json()["results"] == []
    assert client.get(f"{URL}/{key.pk}").status_code == 404
    revoked = client.post(f"{URL}/{key.pk}/revoke", {"reason": "x"}, headers={"Idempotency-Key": "r"})
    assert revoked.status_code == 404
    assert client.get(URL, headers={"X-Program": "acme"}).status_code == 404
    key.refresh_from_db()
    assert key.revoked_at is None


def test_filters(api_as: Any, olivia: User, secret: str) -> None:
    client = api_as(olivia)

    assert len(client.get(f"{URL}?revoked=false&prefix={secret[:12]}").json()["results"]) == 1
    assert client.get(f"{URL}?revoked=true").json()["results"] == []


# Keys that move money


@pytest.fixture
def agreed(acting: None, program: Program, olivia: User) -> ApiKey:
    """A key that Olivia proposed and Oscar agreed to."""
    oscar = UserFactory(email="oscar@example.com")
    now = timezone.now()
    MembershipFactory(user=oscar, program=program, role=Role.OWNER, created_at=now - timedelta(days=9))
    payload = {"name": "Till", "scopes": ["wallet.credit"], "days": 30}
    proposal = propose(CREATE_MONEY_KEY, program=program, payload=payload, reason="shop", by=olivia, at=now)
    assert not ApiKey.objects.exists()
    vote(proposal.pk, revision=1, digest=proposal.digest, decision=Decision.APPROVE, by=oscar, at=now)
    return ApiKey.objects.get()


def collect(client: APIClient, key: ApiKey, *, once: str = "c-1") -> Any:
    return client.post(f"{URL}/{key.pk}/collect", headers={"Idempotency-Key": once})


def test_two_people_make_a_money_key_and_its_maker_collects_it_once(
    api_as: Any, olivia: User, agreed: ApiKey, program: Program
) -> None:
    assert agreed.secret_hash == ""
    assert agreed.expires_at - agreed.created_at == timedelta(days=30)
    client = api_as(olivia)

    answer = collect(client, agreed)

    assert answer.status_code == 200
    prefix, secret = answer.json()["secret"].split(".")
    agreed.refresh_from_db()
    assert (prefix, rules.hash_of(secret)) == (agreed.prefix, agreed.secret_hash)
    assert collect(client, agreed).json()["secret"] is None
    assert collect(client, agreed, once="c-2").json()["code"] == "key_collected"
    assert calling(answer.json()["secret"]).get(PROGRAMS).status_code == 403  # known, and without that scope
    assert secret not in str([*Entry.objects.values(), *IdempotencyRecord.objects.values()])


def test_nobody_else_collects_it(api_as: Any, agreed: ApiKey) -> None:
    answer = collect(api_as(User.objects.get(email="oscar@example.com")), agreed)

    assert (answer.status_code, answer.json()["code"]) == (403, "not_the_maker")
    agreed.refresh_from_db()
    assert agreed.secret_hash == ""


def test_a_revoked_one_is_not_collected(api_as: Any, olivia: User, agreed: ApiKey) -> None:
    revoke_api_key(agreed.pk, reason="changed our minds", at=timezone.now())

    assert collect(api_as(olivia), agreed).json()["code"] == "key_revoked"


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"scopes": ["program.read"]}, "key_needs_no_proposal"),
        ({"scopes": ["wallet.credit", "key.manage"]}, "unknown_scope"),
        ({"scopes": "wallet.credit"}, "key_makes_no_sense"),
        ({"scopes": [["wallet.credit"]]}, "key_makes_no_sense"),
        ({"days": 0}, "key_makes_no_sense"),
        ({"days": 367}, "key_makes_no_sense"),
        ({"days": True}, "key_makes_no_sense"),
        ({"days": "30"}, "key_makes_no_sense"),
        ({"name": " "}, "key_makes_no_sense"),
        ({"name": None}, "key_makes_no_sense"),
    ],
)
@pytest.mark.usefixtures("acting")
def test_what_could_not_be_made_is_not_proposed(
    program: Program, olivia: User, payload: dict[str, Any], code: str
) -> None:
    whole = {"name": "Till", "scopes": ["wallet.credit"], "days": 30, **payload}

    with pytest.raises(Exception) as caught:  # noqa: PT011
        propose(CREATE_MONEY_KEY, program=program, payload=whole, reason="x", by=olivia, at=timezone.now())

    assert getattr(caught.value, "code", None) == code


# The database, whoever writes the rows


@pytest.mark.parametrize(
    "change",
    [
        {"scopes": ["wallet.credit"]},
        {"expires_at": timezone.now() + timedelta(days=900)},
        {"secret_hash": "0" * 64},
        {"prefix": "0c0c0c0c0c0c"},
        {"revoked_at": None},
    ],
)
def test_a_key_never_grows(secret: str, change: dict[str, Any]) -> None:
    key = ApiKey.objects.get()
    ApiKey.objects.update(revoked_at=timezone.now())

    with pytest.raises(DatabaseError), transaction.atomic():
        ApiKey.objects.filter(pk=key.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        key.delete()
