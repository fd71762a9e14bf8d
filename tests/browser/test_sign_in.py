"""Signing in and out as people do it: by password, by code, by passkey, by keyboard."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import expect

from identity.models import User
from tests.browser.conftest import NARROW, Visit

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]


def code_for(secret: str) -> str:
    """Return what an authenticator app would show now."""
    counter = int(time.time()) // 30
    return str(totp.format_hotp_value(totp.hotp_value(secret, counter)))


def test_a_wrong_password_is_refused_with_words(visit: Visit, customer: User) -> None:
    visit.open("/accounts/login/")

    visit.fill_sign_in(customer.email, "not the password")

    assert visit.path() == "/accounts/login/"
    expect(visit.page.get_by_text("not correct")).to_be_visible()
    expect(visit.page.get_by_label("Email")).to_have_value(customer.email)
    visit.open("/portal/")
    assert visit.path() == "/accounts/login/"


def test_too_many_wrong_passwords_pause_signing_in(visit: Visit, customer: User) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        Client().post("/accounts/login/", {"login": customer.email, "password": "not the password"})
    visit.open("/accounts/login/")
    visit.fill_sign_in(customer.email, "not the password")

    expect(visit.page.get_by_role("heading", name="Signing in is paused")).to_be_visible()
    visit.page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    assert visit.overflow() == 0
    # The right password does not help either now.
    visit.page.get_by_role("link", name="Back to sign in").click()
    visit.fill_sign_in(customer.email)
    expect(visit.page.get_by_role("heading", name="Signing in is paused")).to_be_visible()
    visit.open("/portal/")
    assert visit.path() == "/accounts/login/"


def test_signing_out_of_the_portal(visit: Visit, customer: User) -> None:
    visit.sign_in(customer)

    visit.page.locator("details.menu summary").click()
    visit.page.get_by_role("button", name="Sign out").click()
    visit.page.wait_for_url("**/accounts/login/")

    visit.open("/portal/")
    assert visit.path() == "/accounts/login/"


def test_signing_out_of_the_back_office(visit: Visit, owner: User) -> None:
    visit.sign_in(owner)

    visit.page.get_by_role("button", name="Your account").click()
    expect(visit.page.get_by_role("link", name="Security")).to_have_attribute("href", "/portal/security/")
    expect(visit.page.get_by_role("link", name="Change password")).to_have_attribute(
        "href", "/accounts/password/change/"
    )
    visit.page.get_by_role("button", name="Sign out").click()
    visit.page.wait_for_url("**/accounts/login/")

    visit.open("/admin/")
    assert visit.path() == "/accounts/login/"


def test_an_authenticator_app_is_set_up_and_asked_for(visit: Visit, customer: User) -> None:
    visit.sign_in(customer)
    page = visit.open("/accounts/2fa/totp/activate/")
    visit.confirm()
    secret = page.locator("#authenticator_secret").input_value()
    page.get_by_label("Authenticator code").fill(code_for(secret))
    with page.expect_navigation():
        page.get_by_role("button", name="Activate").click()
    assert Authenticator.objects.filter(user=customer, type=Authenticator.Type.TOTP).exists()
    cache.clear()  # a code is good once, and the next would take half a minute to come

    visit.context.clear_cookies()
    visit.open("/accounts/login/")
    visit.fill_sign_in(customer.email)
    visit.open("/portal/")
    assert visit.path() == "/accounts/2fa/authenticate/"  # the password alone opens nothing

    code = page.locator("input[name=code]")
    code.fill("000000")
    page.get_by_role("button", name="Sign In", exact=True).click()
    expect(page.get_by_text("Incorrect code")).to_be_visible()
    code.fill(code_for(secret))
    page.get_by_role("button", name="Sign In", exact=True).click()
    page.wait_for_url("**/portal/")


@pytest.fixture
def authenticator(visit: Visit) -> Callable[..., Any]:
    """Plug a virtual authenticator with a fingerprint reader into the browser."""
    session = visit.context.new_cdp_session(visit.page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return session.send


def test_a_passkey_is_added_and_signs_in(visit: Visit, customer: User, authenticator: Callable[..., Any]) -> None:
    visit.sign_in(customer)
    page = visit.open("/accounts/2fa/webauthn/add/")
    visit.confirm()
    page.get_by_label("Name").fill("Laptop")
    page.get_by_label("Passwordless").check()
    with page.expect_navigation():
        page.get_by_role("button", name="Add", exact=True).click()
    assert Authenticator.objects.filter(user=customer, type=Authenticator.Type.WEBAUTHN).count() == 1

    visit.context.clear_cookies()
    visit.open("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/portal/")

    expect(visit.open("/portal/security/").get_by_text("1 passkey", exact=False)).to_be_visible()


def test_the_sign_in_form_works_by_keyboard_alone(visit: Visit, customer: User) -> None:
    page = visit.open("/accounts/login/")

    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "login":
            break
    page.keyboard.type(customer.email)
    while page.evaluate("document.activeElement.name") != "password":
        page.keyboard.press("Tab")
    page.keyboard.type("a long enough password")
    page.keyboard.press("Enter")

    page.wait_for_url("**/portal/")


@pytest.mark.parametrize("path", ["/accounts/login/", "/admin/", "/portal/"])
def test_the_first_tab_leads_past_the_navigation(path: str, visit: Visit, owner: User) -> None:
    if not path.startswith("/accounts/"):
        visit.sign_in(owner)
    page = visit.open(path)

    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    assert skip.bounding_box()["y"] >= 0  # type: ignore[index]  # seen as soon as it has the focus
    page.keyboard.press("Enter")

    target = skip.get_attribute("href")
    assert page.url.endswith(target or "?")
    assert page.locator(f"{target}").count() == 1
