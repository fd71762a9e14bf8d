"""Signing in from elsewhere as a browser does it: out by a form, past our content policy, and back."""

from typing import Any

import pytest
from playwright.sync_api import expect

from identity.models import User
from tests.browser.conftest import NARROW, Visit
from tests.config.test_elsewhere import provider  # noqa: F401  (a fixture)
from tests.factories import PASSWORD
from tests.oidc import Provider

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def elsewhere(visit: Visit, request: Any) -> Provider:
    running: Provider = request.getfixturevalue("provider")
    visit.also = (f"{running.url}/",)
    return running


def test_a_newcomer_signs_in_from_elsewhere(visit: Visit, elsewhere: Provider) -> None:
    page = visit.open("/accounts/login/")

    page.get_by_role("button", name="Sign in with Example").click()
    page.wait_for_url("**/portal/")

    expect(page.get_by_role("heading", name="Nora")).to_be_visible()
    assert User.objects.get().email == "nora@example.com"


def test_somebody_connects_and_disconnects(visit: Visit, elsewhere: Provider, customer: User) -> None:
    visit.page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    visit.sign_in(customer)
    page = visit.open("/portal/security/")
    page.get_by_role("link", name="Manage connections").click()
    page.get_by_role("button", name="Connect Example").click()
    page.wait_for_url("**/accounts/reauthenticate/**")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/accounts/3rdparty/")

    expect(page.get_by_text("Nora@Example.com")).to_be_visible()
    assert visit.overflow() == 0
    page.get_by_role("button", name="Disconnect Example").click()
    expect(page.get_by_text("None is connected")).to_be_visible()
