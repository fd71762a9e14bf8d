"""Every kind of page loads clean: nothing in the console, nobody else called, nothing wider than the window."""

from itertools import product
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task
from playwright.sync_api import Page, expect

from audit.context import acting_as
from audit.models import Entry, Finding
from audit.operations import record
from identity.models import ApiKey, Program, Proposal, User
from tests.browser.conftest import NARROW, WIDE, Visit, Visiting
from tests.factories import ApiKeyFactory, FindingFactory, ProposalFactory

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

THEMES = ("light", "dark")

PORTAL = [
    "/portal/",
    "/portal/profile/",
    "/portal/profile/addresses/",
    "/portal/security/",
    "/accounts/password/change/",
    "/accounts/email/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/3rdparty/",
    "/accounts/sessions/",
    "/accounts/logout/",
]
STRANGER = ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"]


@pytest.fixture
def happenings(owner: User, program: Program) -> Entry:
    """Something to see on every screen."""
    now = timezone.now()
    with acting_as("user", str(owner.pk)):
        entry = record(
            "identity.program.created", subject=program, at=now, program_id=program.pk, payload={"slug": program.slug}
        )
    for success in (True, False):
        Task.objects.create(
            id=uuid4().hex,
            name="alpha-bravo-charlie-delta",
            func="config.background.tasks.remove_expired_sessions",
            args=(1, 2),
            cluster="payouts",
            started=now,
            stopped=now,
            success=success,
            result="Traceback\n" + "x" * 200,
        )
    ProposalFactory(program=program, digest="ab" * 32, previous_payload={"email": "nora@example.com", "role": "OWNER"})
    FindingFactory(program_id=program.pk, state="ASSIGNED")
    ApiKeyFactory(program=program)
    OrmQ.objects.create(key="payouts", payload="unreadable", lock=now)
    Schedule.objects.create(name="tidy", func="config.background.tasks.heartbeat", cluster="payouts", cron="* * * * *")
    return entry


def admin_pages(entry: Entry, program: Program, owner: User) -> list[str]:
    lists = (
        "identity_program",
        "identity_user",
        "identity_membership",
        "identity_apikey",
        "identity_proposal",
        "audit_finding",
        "audit_reconciliationrun",
        "audit_entry",
        "django_q_success",
        "django_q_failure",
        "django_q_ormq",
        "django_q_schedule",
    )
    return [
        reverse("admin:index"),
        reverse("admin:operations"),
        *(reverse(f"admin:{name}_changelist") for name in lists),
        reverse("admin:identity_user_changelist") + "?q=nosuch",
        reverse("admin:identity_program_change", args=[program.pk]),
        reverse("admin:identity_user_change", args=[owner.pk]),
        reverse("portal:keys"),
        reverse("admin:identity_membership_give"),
        reverse("admin:identity_apikey_change", args=[ApiKey.objects.get().pk]),
        reverse("admin:identity_proposal_change", args=[Proposal.objects.get().pk]),
        reverse("admin:audit_finding_change", args=[Finding.objects.get().pk]),
        reverse("admin:audit_reconciliationrun_change", args=[Finding.objects.get().last_run_id]),
        reverse("admin:audit_entry_change", args=[entry.pk]),
        reverse("admin:django_q_failure_change", args=[Task.objects.get(success=False).pk]),
    ]


def is_dark(page: Page) -> bool:
    """Whether what is behind the page's text is dark, as the eye would say."""
    red, green, blue = page.evaluate(
        """() => {
          const canvas = document.createElement("canvas").getContext("2d");
          for (let at = document.querySelector("main, #main") ?? document.body; at; at = at.parentElement) {
            const colour = getComputedStyle(at).backgroundColor;
            if (!/, 0\\)$|transparent/.test(colour)) { canvas.fillStyle = colour; break; }
          }
          canvas.fillRect(0, 0, 1, 1);
          return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
        }"""
    )
    return bool(0.2126 * red + 0.7152 * green + 0.0722 * blue < 90)


def look_at(visit: Visit, paths: list[str]) -> None:
    """Open each page, in both themes, wide and narrow, and say of all of them what is wrong."""
    wrong = []
    page = visit.page
    for path, theme in product(paths, THEMES):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        visit.open(path)
        if visit.path() != path.partition("?")[0]:
            wrong.append(f"{path} led to {visit.path()}")
        if page.locator("h1").count() != 1:
            wrong.append(f"{path} has {page.locator('h1').count()} main headings")
        if is_dark(page) != (theme == "dark"):
            wrong.append(f"{path} is not {theme}")
        for size in (WIDE, NARROW):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            if visit.overflow() > 0:
                wrong.append(f"{path} is {visit.overflow()} px too wide at {size['width']} px, {theme}")
    assert not wrong, "\n".join(wrong)


def test_the_back_office(visit: Visit, owner: User, program: Program, happenings: Entry) -> None:
    visit.sign_in(owner)
    assert visit.path() == "/admin/"

    look_at(visit, admin_pages(happenings, program, owner))


def test_the_portal_and_the_account_pages(visit: Visit, customer: User) -> None:
    look_at(visit, STRANGER)
    visit.sign_in(customer)
    assert visit.path() == "/portal/"
    visit.open("/accounts/2fa/webauthn/add/")
    visit.confirm()

    look_at(visit, PORTAL)


def test_error_pages(visit: Visit, customer: User) -> None:
    visit.sign_in(customer)
    page = visit.page

    for path, status, words in (("/admin/", 403, "This is not open to you"), ("/nowhere", 404, "not")):
        visit.open(path, status=status)
        expect(page.get_by_role("heading", level=1)).to_contain_text(words)
        page.set_viewport_size(NARROW)  # type: ignore[arg-type]
        assert visit.overflow() == 0
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            assert is_dark(page) == (theme == "dark")


def test_the_home_page_draws_its_chart(visit: Visit, owner: User, happenings: Entry) -> None:
    visit.sign_in(owner)

    page = visit.page
    expect(page.get_by_role("heading", name="Alice")).to_be_visible()
    expect(page.get_by_text("1 task failed in the last 24 hours")).to_be_visible()
    painted = page.locator("canvas.chart").evaluate(
        "(canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((byte) => byte)"
    )
    assert painted


def test_an_id_is_copied_whole(visiting: Visiting, owner: User, happenings: Entry) -> None:
    visit = visiting(permissions=["clipboard-read", "clipboard-write"])
    visit.sign_in(owner)

    visit.page.get_by_role("button", name=f"Copy {happenings.correlation_id}").click()

    expect(visit.page.locator("#copy-status")).to_have_text(f"Copied {happenings.correlation_id}")
    assert visit.page.evaluate("navigator.clipboard.readText()") == happenings.correlation_id


def test_the_portal_s_theme_switch_is_remembered(visiting: Visiting, customer: User) -> None:
    visit = visiting(color_scheme="light")
    visit.sign_in(customer)
    page = visit.page
    assert not is_dark(page)

    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Dark", exact=True).click()

    assert is_dark(page)
    assert is_dark(visit.open("/portal/security/"))
    assert is_dark(visit.open("/nowhere", status=404))


def test_the_back_office_s_theme_switch_is_remembered_and_works_by_keyboard(visiting: Visiting, owner: User) -> None:
    visit = visiting(color_scheme="light")
    visit.sign_in(owner)
    page = visit.page

    page.get_by_role("button", name="Your account").focus()
    page.keyboard.press("Enter")
    dark = page.get_by_role("button", name="Dark", exact=True)
    expect(dark).to_be_visible()
    dark.focus()
    page.keyboard.press("Enter")

    expect(page.locator("html")).to_have_class("dark")
    assert is_dark(visit.open("/admin/operations/"))


def test_the_api_s_documentation_shows_its_operations(visit: Visit) -> None:
    page = visit.open("/api/docs/")

    expect(page.locator(".opblock").first).to_be_visible()
    # It draws what is looked at: further down when somebody gets there.
    programs = page.get_by_text("/api/v2/programs", exact=False).first
    for _ in range(40):
        if programs.is_visible():
            break
        page.mouse.wheel(0, 2_000)
        page.wait_for_timeout(100)
    expect(programs).to_be_visible()
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    assert visit.overflow() == 0


def test_the_browsable_api(visit: Visit, customer: User) -> None:
    visit.sign_in(customer)

    page = visit.open("/api/v2/programs")

    expect(page.get_by_text('"slug": "other"')).to_be_visible()
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    assert visit.overflow() == 0


def test_trouble_is_seen(visit: Visit) -> None:
    """The watch itself: each kind of trouble that it looks for is noticed."""
    page = visit.open("/accounts/login/")

    page.evaluate("console.error('a complaint')")
    page.evaluate("setTimeout(() => { throw new Error('a crash') })")
    page.evaluate("fetch('/nowhere').then((answer) => answer.text())")
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), {textContent: '1'}))")
    with page.expect_console_message(lambda message: "policy violated: img-src" in message.text):
        page.evaluate("document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/x.png'}))")

    seen = " ".join(visit.trouble)
    visit.trouble.clear()  # so that the test may end well
    for kind in ("a complaint", "a crash", "answered 404", "external request: http://127.0.0.1:9", "script-src"):
        assert kind in seen
