"""A person's profile: what they are called, how pages show them the time, and which addresses they have proven."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import Entry
from identity.errors import ProfileMakesNoSense, UnknownTimeZone
from identity.models import AddressChallenge, User, WalletAddress
from identity.operations import ask_for_proof, change_user
from tests.factories import EntryFactory, UserFactory
from tests.signed_in import BACKEND
from tests.wallet import ADDRESS, OTHER_KEY, sign

pytestmark = pytest.mark.django_db

PROFILE = "/portal/profile/"
ADDRESSES = "/portal/profile/addresses/"


@pytest.fixture
def nora(db: None) -> User:
    return UserFactory(email="nora@example.com", name="Nora")


@pytest.fixture
def client(nora: User) -> Client:
    client = Client()
    client.force_login(nora, backend=BACKEND)
    return client


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    text: str = answer.content.decode()
    return text


def send(client: Client, **changes: str) -> str:
    form = {"name": "Nora", "phone": "", "time_zone": "UTC", **changes}
    return text_of(client.post(PROFILE, form, follow=True))


def test_a_person_changes_name_phone_and_time(client: Client, nora: User) -> None:
    text = send(client, name=" Nora Nash ", phone="+254 (712) 345-678", time_zone="Africa/Nairobi")

    assert "Changed." in text
    nora.refresh_from_db()
    assert (nora.name, nora.phone, nora.time_zone) == ("Nora Nash", "+254712345678", "Africa/Nairobi")
    entry = Entry.objects.about(nora).get()
    assert (entry.action, entry.actor_id) == ("identity.user.changed", str(nora.pk))
    assert entry.payload == {"changed": ["name", "phone", "time_zone"]}  # what changed, and not to what


def test_what_changes_nothing_is_not_recorded(client: Client, nora: User) -> None:
    send(client)

    assert not Entry.objects.exists()


def test_name_and_phone_may_go(client: Client, nora: User) -> None:
    send(client, phone="+254712345678")
    send(client, name="", phone="")

    nora.refresh_from_db()
    assert (nora.name, nora.phone) == ("", "")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"phone": "0712345678"}, "The phone is a number with its country"),
        ({"phone": "+254x"}, "The phone is"), ({"phone": "+1"}, "The phone is"),
        ({"phone": "+" + "1" * 16}, "The phone is"),
        ({"phone": "+\u0661234567"}, "The phone is"), ({"name": "No\u2028ra"}, "The name is"),
        ({"name": "x" * 121}, "at most 120"), ({"time_zone": "Mars/Base"}, "Select a valid choice"),
        ({"name": "a\x00b"}, "Null characters"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_and_stays_in_the_form(
    changes: dict[str, str], words: str, client: Client, nora: User
) -> None:
    assert words in send(client, **changes)

    nora.refresh_from_db()
    assert (nora.name, nora.phone, nora.time_zone) == ("Nora", "", "UTC")
    assert not Entry.objects.exists()


@pytest.mark.usefixtures("acting")
def test_the_operation_asks_for_itself(nora: User) -> None:
    with pytest.raises(UnknownTimeZone):
        change_user(nora.pk, time_zone="../../etc/passwd", at=timezone.now())
    with pytest.raises(ProfileMakesNoSense):
        change_user(nora.pk, name="a\nb", at=timezone.now())


def test_pages_show_the_time_where_the_person_is(client: Client, nora: User) -> None:
    at = datetime(2026, 1, 1, 21, 30, tzinfo=UTC)
    EntryFactory(action="identity.user.created", subject_type="identity.user", subject_id=str(nora.pk), at=at)

    assert "1 Jan 2026, 21:30 UTC" in text_of(client.get("/portal/"))
    User.objects.update(time_zone="Africa/Nairobi")
    assert "2 Jan 2026, 00:30 EAT" in text_of(client.get("/portal/"))
    assert timezone.get_current_timezone_name() == "UTC"  # for whoever this process serves next


def test_the_api_speaks_utc_to_everybody(client: Client, nora: User) -> None:
    User.objects.update(time_zone="Africa/Nairobi")
    WalletAddress.objects.create(user=nora, address=ADDRESS.lower(), chain_id=1, proven_at=timezone.now())

    (row,) = client.get("/api/v2/auth/wallet").json()["results"]

    assert row["proven_at"].endswith("Z")


# Wallet addresses


def ask(client: Client, address: str = ADDRESS) -> str:
    answer = client.post(ADDRESSES, {"address": address, "chain_id": "137"})
    assert answer.status_code == 302
    return str(answer["Location"])


def test_an_address_is_proven_by_copying_and_pasting(client: Client, nora: User) -> None:
    page = ask(client)
    shown = text_of(client.get(page))
    text = AddressChallenge.objects.get().text
    assert text in shown

    answer = client.post(page, {"signature": f" {sign(text)} "}, follow=True)

    assert f"{ADDRESS} is yours." in text_of(answer)
    assert WalletAddress.objects.get().user == nora
    profile = text_of(client.get(PROFILE))
    assert re.search(rf'data-copy="{ADDRESS}"', profile)
    assert "chain 137" in profile


def test_a_wrong_signature_says_so(client: Client) -> None:
    page = ask(client)

    for signature in (sign(AddressChallenge.objects.get().text, OTHER_KEY), "0x", ""):
        assert "field__errors" in text_of(client.post(page, {"signature": signature}))
    assert not WalletAddress.objects.exists()


def test_a_wrong_address_says_so(client: Client) -> None:
    for address in ("0x1", ADDRESS.replace("19E7", "19e7"), ""):
        assert "field__errors" in text_of(client.post(ADDRESSES, {"address": address, "chain_id": "1"}))
    assert not AddressChallenge.objects.exists()
    assert "Get the text to sign" in text_of(client.get(ADDRESSES))


def test_a_text_that_has_expired_is_not_taken(client: Client, nora: User) -> None:
    long_ago = timezone.now() - timedelta(minutes=11)
    challenge = ask_for_proof(ADDRESS, chain_id=1, by=nora, at=long_ago)

    answer = client.post(f"{ADDRESSES}{challenge.pk}/", {"signature": sign(challenge.text)})

    assert "Ask for another one" in text_of(answer)
    assert not WalletAddress.objects.exists()


def test_another_person_s_text_is_not_found(client: Client, bob: User) -> None:
    page = ask(client)
    other = Client()
    other.force_login(bob, backend=BACKEND)

    assert other.get(page).status_code == 404
    assert other.post(page, {"signature": sign(AddressChallenge.objects.get().text)}).status_code == 404


@pytest.mark.parametrize("url", [PROFILE, ADDRESSES, f"{ADDRESSES}01a1f997-f6c3-73d6-9f18-a039aadcb6c4/"])
def test_strangers_sign_in_first(url: str) -> None:
    assert Client().get(url)["Location"].startswith("/accounts/login/")
