"""A new colleague, from signing up to the first vote, seen in three people's browsers."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import expect

from identity.models import Membership, Program, Proposal, User
from identity.states import Role
from tests.browser.conftest import Visit, Visiting, with_address
from tests.browser.test_sign_in import code_for
from tests.factories import PASSWORD, MembershipFactory, UserFactory

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

NEWCOMER = "nora@example.com"


@pytest.fixture
def owners(house: Program) -> tuple[User, User]:
    """Two who own the house since long ago."""
    long_ago = timezone.now() - timedelta(days=30)
    people = [with_address(UserFactory(email=f"{name}@example.com", name=name.title())) for name in ("olivia", "oscar")]
    for person in people:
        MembershipFactory(user=person, program=house, role=Role.OWNER, created_at=long_ago)
    return people[0], people[1]


def sign_up(visit: Visit) -> User:
    """Sign up, follow the link in the mail, and sign in."""
    page = visit.open("/accounts/signup/")
    page.get_by_label("Email").fill(NEWCOMER)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password (again)").fill(PASSWORD)
    with page.expect_navigation():
        page.get_by_role("button", name="Sign Up", exact=True).click()
    [message] = mail.outbox
    assert message.to == [NEWCOMER]
    [link] = re.findall(r"https?://\S+/accounts/confirm-email/\S+", str(message.body))
    page.goto(link)
    with page.expect_navigation():
        page.get_by_role("button", name="Confirm").click()
    newcomer: User = User.objects.get(email=NEWCOMER)
    if visit.path() == "/accounts/login/":
        visit.fill_sign_in(NEWCOMER)
    return newcomer


def add_authenticator(visit: Visit) -> str:
    """Set up an authenticator app and return its secret."""
    page = visit.open("/accounts/2fa/totp/activate/")
    if visit.path() != "/accounts/2fa/totp/activate/":
        visit.confirm()
    secret = page.locator("#authenticator_secret").input_value()
    page.get_by_label("Authenticator code").fill(code_for(secret))
    with page.expect_navigation():
        page.get_by_role("button", name="Activate").click()
    return secret


def propose_role(visit: Visit, *, email: str, role: str) -> None:
    page = visit.open("/admin/identity/membership/give/")
    page.get_by_label("Person's e-mail address").fill(email)
    page.get_by_label("Program").select_option(label="Acme")
    page.get_by_label("Role").select_option(label=role)
    page.get_by_label("Reason").fill("She joins the team.")
    with page.expect_navigation():
        page.get_by_role("button", name="Give or propose").click()
    expect(page.get_by_text("waits for another owner")).to_be_visible()


def decide(visit: Visit, *, secret: str, approve: bool) -> None:
    """Go from the home page to what waits, vote, and show the second factor that a vote asks for."""
    page = visit.open("/admin/")
    with page.expect_navigation():
        page.get_by_role("link", name="Decide").first.click()
    ballot = page.get_by_role("button", name="Approve" if approve else "Reject")
    with page.expect_navigation():
        ballot.click()
    assert visit.path() == "/accounts/2fa/reauthenticate/"
    cache.clear()  # a code is good once, and the next would take half a minute to come
    page.locator("input[name=code]").fill(code_for(secret))
    with page.expect_navigation():
        page.get_by_role("button", name="Confirm").click()

    page.get_by_label("Comment").fill("Seen.")
    with page.expect_navigation():
        ballot.click()
    expect(page.get_by_text("Voted.")).to_be_visible()


def test_a_newcomer_signs_up_gets_a_role_by_two_people_and_votes(
    visiting: Visiting, owners: tuple[User, User], program: Program
) -> None:
    olivia, oscar = visiting(), visiting()
    olivia.sign_in(owners[0])
    oscar.sign_in(owners[1])
    nora = visiting()
    newcomer = sign_up(nora)
    secret_of_nora = add_authenticator(nora)
    secret_of_oscar = add_authenticator(oscar)
    assert Authenticator.objects.filter(user=newcomer, type=Authenticator.Type.TOTP).exists()
    nora.open("/admin/", status=403)

    propose_role(olivia, email=NEWCOMER, role="Owner")
    expect(olivia.page.get_by_text("you have no vote on it")).to_be_visible()
    assert not Membership.objects.filter(user=newcomer).exists()
    decide(oscar, secret=secret_of_oscar, approve=True)
    assert Membership.objects.get(user=newcomer).role == Role.OWNER

    # The next day: a role younger than that has no vote.
    Membership.objects.filter(user=newcomer).update(created_at=timezone.now() - timedelta(hours=25))
    UserFactory(email="ned@example.com")
    propose_role(olivia, email="ned@example.com", role="Finance maker")
    decide(nora, secret=secret_of_nora, approve=False)

    assert Proposal.objects.latest("id").state == "REJECTED"
    assert not Membership.objects.filter(user__email="ned@example.com").exists()
