"""A real browser on a real server, and what no page may do: complain, call strangers, break its own policy."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, sync_playwright

from identity.models import User
from tests.factories import PASSWORD

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 375, "height": 812}
PATIENCE_MS = 10_000

# The console tells of a broken policy too, but not in every case and not by name.
_TELL_VIOLATIONS = """addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests; each gets a context of its own, which is as good as a browser of its own."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found or not shutil.which(found):
        pytest.fail("Chromium is not installed: apt-get install chromium (or set CHROMIUM to its path)", pytrace=False)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield chromium
        chromium.close()


class Visit:
    """A tab of the browser that remembers everything that went wrong in it."""

    def __init__(self, context: BrowserContext, base_url: str) -> None:
        self.context = context
        self.base_url = base_url
        self.trouble: list[str] = []
        self.also: tuple[str, ...] = ()  # beginnings of addresses that may be called beside the house's own
        context.add_init_script(_TELL_VIOLATIONS)
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self._note(f"script failed: {error}"))
        self.page.on("request", self._on_request)
        self.page.on("requestfailed", self._on_failure)
        self.page.on("response", self._on_response)

    def _note(self, what: str) -> None:
        self.trouble.append(f"{urlsplit(self.page.url).path}: {what}")

    def _on_console(self, message: ConsoleMessage) -> None:
        # A response that is an error is noted by _on_response, which knows the pages that are meant to be one.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self._note(f"console {message.type}: {message.text}")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.base_url}/", "data:", "blob:", *self.also)):
            self._note(f"external request: {request.url}")

    def _on_failure(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # the browser's own doing when a page is left
            self._note(f"request failed: {request.url} {request.failure}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 500 or (response.status >= 400 and not response.request.is_navigation_request()):
            self._note(f"answered {response.status}: {response.url}")

    def open(self, path: str, *, status: int = 200) -> Page:
        """Go to ``path``."""
        response = self.page.goto(f"{self.base_url}{path}")
        assert response is not None
        assert response.status == status, f"{path} answered {response.status}"
        return self.page

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def path(self) -> str:
        return urlsplit(self.page.url).path

    def fill_sign_in(self, email: str, password: str = PASSWORD) -> None:
        """Fill in the sign-in form and send it."""
        self.page.get_by_label("Email").fill(email)
        self.page.get_by_label("Password", exact=True).fill(password)
        with self.page.expect_navigation():
            self.page.get_by_role("button", name="Sign In", exact=True).click()

    def sign_in(self, user: User) -> None:
        """Enter through the real form."""
        self.open("/accounts/login/")
        self.fill_sign_in(user.email)
        assert not self.path().startswith("/accounts/"), self.path()

    def confirm(self) -> None:
        """Give the password once more, as pages that change how one signs in ask for it."""
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        with self.page.expect_navigation():
            self.page.get_by_role("button", name="Confirm").click()


Visiting = Callable[..., Visit]


@pytest.fixture
def visiting(browser: Browser, live_server: Any) -> Iterator[Visiting]:
    """Return what opens a tab; at the end none of them may have seen trouble."""
    visits: list[Visit] = []

    def visit(**options: Any) -> Visit:
        context = browser.new_context(viewport=options.pop("viewport", WIDE), **options)
        visits.append(Visit(context, live_server.url))
        return visits[-1]

    yield visit
    for each in visits:
        each.context.close()
    trouble = [line for each in visits for line in each.trouble]
    if trouble:
        pytest.fail("\n".join(["The browser saw trouble:", *trouble]), pytrace=False)


@pytest.fixture
def visit(visiting: Visiting) -> Visit:
    return visiting()


def with_address(user: User) -> User:
    """Let ``user`` sign in: only a proven address does."""
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.fixture
def owner(alice: User) -> User:
    return with_address(alice)


@pytest.fixture
def customer(charlie: User) -> User:
    return with_address(charlie)
