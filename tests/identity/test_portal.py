"""The portal shows a person where they belong and how their sign-in is secured, and nothing of anybody else."""

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from identity import rules
from identity.models import User
from identity.states import Role
from tests.factories import EntryFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return Client()


def page(client: Client, user: User, url: str) -> str:
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_overview_names_programs_and_roles(client: Client, bob: User, charlie: User) -> None:
    text = page(client, bob, "/portal/")

    assert "Bob" in text
    assert "Acme" in text
    assert "Support" in text
    assert "Other" not in text


def test_the_overview_of_a_newcomer_says_what_to_do(client: Client) -> None:
    assert "No program yet" in page(client, UserFactory(), "/portal/")


def test_the_overview_shows_what_happened_to_oneself_only(client: Client, bob: User, charlie: User) -> None:
    EntryFactory(action="identity.user.created", subject_type="identity.user", subject_id=str(bob.pk))
    EntryFactory(action="identity.user.renamed", subject_type="identity.user", subject_id=str(charlie.pk))

    text = page(client, bob, "/portal/")

    assert "User created" in text
    assert "User renamed" not in text


def test_the_security_page_tells_what_is_set_up(client: Client, bob: User) -> None:
    assert "Not set up" in page(client, bob, "/portal/security/")

    Authenticator.objects.create(user=bob, type=Authenticator.Type.TOTP, data={"secret": "x"})

    assert "Not set up" not in page(client, bob, "/portal/security/")


@pytest.mark.parametrize("url", ["/portal/", "/portal/security/", "/affiliate/", "/", "/admin/", "/admin/operations/"])
def test_a_stranger_is_sent_to_the_sign_in_page(client: Client, url: str) -> None:
    answer = client.get(url, follow=True)

    assert answer.request["PATH_INFO"] == "/accounts/login/"
    assert answer.status_code == 200


def test_the_front_door_leads_staff_to_the_back_office_and_others_to_the_portal(
    client: Client, bob: User, charlie: User
) -> None:
    for user, where in ((bob, "/admin/"), (charlie, "/portal/")):
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        assert client.get("/")["Location"] == where


def test_the_affiliate_portal_is_for_affiliates(client: Client, bob: User) -> None:
    affiliate = MembershipFactory(role=Role.AFFILIATE).user
    assert "Your earnings will appear here" in page(client, affiliate, "/affiliate/")

    client.force_login(bob, backend="allauth.account.auth_backends.AuthenticationBackend")
    refused = client.get("/affiliate/")

    assert refused.status_code == 403
    assert refused["X-Correlation-ID"] in refused.content.decode()


@pytest.mark.parametrize(
    ("hour", "words"),
    [(0, "Good night"), (5, "Good morning"), (12, "Good afternoon"), (18, "Good evening"), (23, "Good evening")],
)
def test_the_greeting_knows_the_hour(hour: int, words: str) -> None:
    assert rules.greeting(hour) == words


def test_a_page_that_does_not_exist_says_so_kindly(client: Client) -> None:
    answer = client.get("/nothing/here")

    assert answer.status_code == 404
    assert "nothing was lost" in answer.content.decode()
    assert answer["X-Correlation-ID"] in answer.content.decode()


@pytest.mark.parametrize("url", ["/accounts/login/", "/portal/", "/nothing"])
def test_pages_allow_nothing_from_elsewhere(client: Client, bob: User, url: str) -> None:
    client.force_login(bob, backend="allauth.account.auth_backends.AuthenticationBackend")

    policy = client.get(url)["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
