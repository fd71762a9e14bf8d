"""API keys in the portal and in the back office: made, proposed, shown once, and ended."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from audit.context import acting_as
from audit.models import Entry
from identity import rules
from identity.models import ApiKey, Program, Proposal, User
from identity.operations import store_setting, vote
from identity.portal.forms import SCOPE_WORDS
from identity.states import Decision, KeyCondition, Role
from tests.factories import ApiKeyFactory, MembershipFactory, UserFactory
from tests.signed_in import BACKEND

pytestmark = pytest.mark.django_db

KEYS = "/portal/keys/"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def owner(name: str, program: Program) -> User:
    user = UserFactory(email=f"{name}@example.com", name=name.title())
    MembershipFactory(user=user, program=program, role=Role.OWNER, created_at=timezone.now() - timedelta(days=2))
    return user


@pytest.fixture
def olivia(program: Program) -> User:
    return owner("olivia", program)


@pytest.fixture
def oscar(program: Program) -> User:
    return owner("oscar", program)


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    text: str = answer.content.decode()
    return text


def make(client: Client, url: str = KEYS, **changes: Any) -> Any:
    form = {"name": "Shop", "scopes": ["program.read"], "days": "30", "reason": "", **changes}
    return client.post(url, form)


def secret_in(page: str) -> str:
    found = re.search(r'data-copy="([0-9a-f]{12}\.[\w-]+)"', page)
    assert found
    return found[1]


def opens(secret: str) -> int:
    answer = APIClient().get("/api/v2/programs", headers={"Authorization": f"Api-Key {secret}"})
    return int(answer.status_code)


def test_a_key_is_made_and_its_secret_shown_once(program: Program, olivia: User) -> None:
    client = client_of(olivia)

    answer = make(client, scopes=["program.read", "journal.read"])

    secret = secret_in(text_of(answer))
    assert answer["Cache-Control"] == "no-store"
    assert opens(secret) == 200
    key = ApiKey.objects.get()
    assert (key.program, key.name, key.scopes) == (program, "Shop", ["journal.read", "program.read"])
    assert timedelta(days=29) < key.expires_at - timezone.now() <= timedelta(days=30)
    assert Entry.objects.about(key).get().action == "identity.api_key.created"
    page = text_of(client.get(KEYS))
    assert key.prefix in page
    assert secret.partition(".")[2] not in page


def test_a_key_that_moves_money_is_proposed_and_collected(program: Program, olivia: User, oscar: User) -> None:
    client = client_of(olivia)

    answer = make(client, scopes=[], money_scopes=["wallet.credit"], reason="the till")

    assert answer["Location"] == f"{KEYS}?program=acme"
    assert not ApiKey.objects.exists()
    proposal = Proposal.objects.get()
    assert (proposal.reason, proposal.payload) == (
        "the till",
        {"name": "Shop", "scopes": ["wallet.credit"], "days": 30},
    )
    assert "Waits for a vote" in text_of(client.get(KEYS))
    with acting_as("user", str(oscar.pk)):
        vote(proposal.pk, revision=1, digest=proposal.digest, decision=Decision.APPROVE, by=oscar, at=timezone.now())
    key = ApiKey.objects.get()
    collect = reverse("portal:collect_key", args=[key.pk])
    assert collect in text_of(client.get(KEYS))
    assert collect not in text_of(client_of(oscar).get(KEYS))

    assert "wallet.credit" in text_of(client.post(collect))
    again = text_of(client.post(collect, follow=True))
    assert "was shown once" in again
    assert "data-copy" in again
    assert not re.search(r'data-copy="[0-9a-f]{12}\.', again)


@pytest.mark.usefixtures("acting")
def test_nobody_else_collects_it(program: Program, olivia: User, oscar: User) -> None:
    key = ApiKeyFactory(program=program, secret_hash="", created_by=olivia)

    client_of(oscar).post(reverse("portal:collect_key", args=[key.pk]))
    client_of(olivia).get(reverse("portal:collect_key", args=[key.pk]))

    key.refresh_from_db()
    assert key.secret_hash == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "This field is required"), ({"name": "x" * 121}, "at most 120"),
        ({"scopes": []}, "Tick what it may do"),
        ({"scopes": ["admin.enter"]}, "Select a valid choice"), ({"days": "0"}, "greater than or equal to 1"),
        ({"days": "367"}, "less than or equal to 366"), ({"days": "x"}, "Enter a whole number"),
        ({"money_scopes": ["wallet.spend"]}, "Say why"), ({"name": "a\x00"}, "Null characters"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_where_it_stands(changes: dict[str, Any], words: str, olivia: User, oscar: User) -> None:
    assert words in text_of(make(client_of(olivia), **changes))
    assert not ApiKey.objects.exists()
    assert not Proposal.objects.exists()


def test_an_owner_alone_is_told_that_nobody_could_vote(program: Program, olivia: User) -> None:
    text = text_of(make(client_of(olivia), money_scopes=["wallet.spend"], reason="x"))

    assert "only 0 people could give one" in text


@pytest.mark.usefixtures("acting")
def test_a_program_s_limit_holds(program: Program, olivia: User) -> None:
    store_setting("identity.key_days_at_most", program=program, value=7, version=0, reason="x", at=timezone.now())

    assert "At most 7." in text_of(client_of(olivia).get(KEYS))
    assert "less than or equal to 7" in text_of(make(client_of(olivia), days="8"))


def test_a_key_is_revoked_with_a_reason(program: Program, olivia: User) -> None:
    client = client_of(olivia)
    secret = secret_in(text_of(make(client)))
    key = ApiKey.objects.get()
    revoke = reverse("portal:revoke_key", args=[key.pk])

    client.get(revoke)
    assert "Say why" in text_of(client.post(revoke, {"reason": ""}, follow=True))
    assert opens(secret) == 200
    text = text_of(client.post(revoke, {"reason": "leaked"}, follow=True))

    assert "Shop opens nothing any more." in text
    assert "Revoked and expired: 1" in text
    assert opens(secret) == 401
    assert Entry.objects.get(action="identity.api_key.revoked").payload["reason"] == "leaked"
    assert "was revoked" in text_of(client.post(revoke, {"reason": "again"}, follow=True))


def test_keys_of_other_programs_are_not_there(program: Program, olivia: User, charlie: User) -> None:
    elsewhere = charlie.memberships.get().program
    key = ApiKeyFactory(program=elsewhere, secret_hash="", created_by=olivia)
    client = client_of(olivia)

    assert client.get(f"{KEYS}?program={elsewhere.slug}").status_code == 404
    assert make(client, f"{KEYS}?program={elsewhere.slug}").status_code == 404
    for name in ("collect_key", "revoke_key"):
        assert client.post(reverse(f"portal:{name}", args=[key.pk]), {"reason": "x"}).status_code == 404
    assert key.prefix not in text_of(client.get(KEYS))
    assert ApiKey.objects.get().revoked_at is None


@pytest.mark.parametrize("role", sorted(set(Role.values) - {"OWNER"}))
def test_only_owners_look_after_keys(role: str, program: Program) -> None:
    client = client_of(MembershipFactory(program=program, role=role).user)

    assert client.get(KEYS).status_code == 403
    assert make(client).status_code == 403
    assert "portal/keys" not in text_of(client.get("/portal/"))
    assert not ApiKey.objects.exists()


def test_the_house_s_owners_choose_among_all_programs(alice: User, program: Program) -> None:
    client = client_of(alice)

    page = text_of(client.get(KEYS))
    assert "Keys of House" in page
    assert '<option value="acme"' in page
    make(client, f"{KEYS}?program=acme")

    assert ApiKey.objects.get().program == program


@pytest.mark.parametrize("slug", ["", "nothing", "%00", "a" * 5000])
def test_a_program_that_is_none_is_not_found(slug: str, olivia: User) -> None:
    assert client_of(olivia).get(f"{KEYS}?program={slug}").status_code == 404


def test_every_scope_has_words() -> None:
    assert set(SCOPE_WORDS) == rules.KEY_SCOPES


@pytest.mark.parametrize(
    ("changes", "seconds", "condition"),
    [
        ({}, -1, KeyCondition.LIVE),
        ({}, 0, KeyCondition.EXPIRED),
        ({"secret_hash": ""}, -1, KeyCondition.UNCOLLECTED),
        ({"secret_hash": ""}, 0, KeyCondition.EXPIRED),
        ({"revoked_at": timezone.now()}, -1, KeyCondition.REVOKED),
        ({"revoked_at": timezone.now()}, 0, KeyCondition.REVOKED),
    ],
)
def test_what_a_key_is_good_for(changes: dict[str, Any], seconds: int, condition: KeyCondition) -> None:
    key = ApiKeyFactory(**changes)

    assert key.condition(at=key.expires_at + timedelta(seconds=seconds)) == condition


# In the back office


def admin_page(user: User, key: ApiKey) -> str:
    return text_of(client_of(user).get(reverse("admin:identity_apikey_change", args=[key.pk])))


def test_the_back_office_shows_and_revokes(program: Program, olivia: User) -> None:
    key = ApiKeyFactory(program=program)
    client = client_of(olivia)

    assert key.prefix in text_of(client.get(reverse("admin:identity_apikey_changelist")))
    assert "Revoke</button>" in admin_page(olivia, key)
    url = reverse("admin:identity_apikey_revoke", args=[key.pk])
    client.get(url, {"reason": "x"})
    client.post(url, {"reason": ""})
    key.refresh_from_db()
    assert key.revoked_at is None
    assert "opens nothing any more" in text_of(client.post(url, {"reason": "leaked"}, follow=True))

    assert ApiKey.objects.filter(revoked_at__isnull=False).exists()
    assert "Revoke</button>" not in admin_page(olivia, key)
    assert "was revoked" in text_of(client.post(url, {"reason": "again"}, follow=True))


def test_an_auditor_looks_and_ends_nothing(program: Program, olivia: User) -> None:
    key = ApiKeyFactory(program=program)
    auditor = MembershipFactory(program=program, role=Role.AUDITOR).user

    assert "Revoke</button>" not in admin_page(auditor, key)
    url = reverse("admin:identity_apikey_revoke", args=[key.pk])
    assert client_of(auditor).post(url, {"reason": "x"}).status_code == 403
    key.refresh_from_db()
    assert key.revoked_at is None


def test_keys_elsewhere_are_not_in_the_back_office(olivia: User) -> None:
    key = ApiKeyFactory()
    client = client_of(olivia)

    assert key.prefix not in text_of(client.get(reverse("admin:identity_apikey_changelist")))
    assert client.post(reverse("admin:identity_apikey_revoke", args=[key.pk]), {"reason": "x"}).status_code == 404
