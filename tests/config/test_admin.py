"""The back office: who sees which screen and which rows, and that nothing typed into an address breaks it."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import Failure, Success

from audit.context import acting_as
from audit.models import Entry
from audit.operations import record
from identity.models import Membership, Program, User
from identity.states import Role
from tests.access.rows import OF_NO_PROGRAM, row_of
from tests.factories import (
    EntryFactory,
    MembershipFactory,
    ProgramFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

SCREENS = sorted(admin.site._registry, key=lambda model: model._meta.label)
IDS = [model._meta.label_lower for model in SCREENS]
OUTSIDERS = [Role.MERCHANT, Role.AFFILIATE, Role.CUSTOMER]

NONSENSE = [
    "abc",
    "%",
    "_",
    "'",
    '"',
    "\\",
    "' OR 1=1 --",
    "a b  c",
    "x" * 3000,
    "\N{SNOWMAN}",
    "01a1f997-f6c3-73d6-9f18-a039aadcb6c4",
]


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def address(model: type[models.Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def rows(alice: User, bob: User, charlie: User, program: Program) -> dict[type[models.Model], Any]:
    """A row on every screen, those of programs in Acme."""
    with acting_as("user", str(alice.pk)):
        entry = record("identity.program.created", subject=program, at=timezone.now(), program_id=program.pk)
    own = {User: bob, Membership: bob.memberships.get(), Entry: entry}
    return {model: own.get(model) or row_of(model, program) for model in SCREENS}


@pytest.mark.parametrize("model", SCREENS, ids=IDS)
def test_nobody_adds_changes_or_deletes_here(
    model: type[models.Model], rows: dict[type[models.Model], Any], alice: User
) -> None:
    client = sign_in(alice)
    row = rows[model]
    before = list(model._default_manager.values())

    for url in (
        address(model, "add"),
        address(model, "change", row.pk),
        address(model, "delete", row.pk),
    ):
        assert client.post(url, {"name": "changed", "_save": "1"}).status_code == 403, url
    for url in (address(model, "add"), address(model, "delete", row.pk)):
        assert client.get(url).status_code == 403, url
    client.post(
        address(model, "changelist"), {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    )

    assert list(model._default_manager.values()) == before
    assert client.get(address(model, "history", row.pk)).status_code == 404
    page = client.get(address(model, "change", row.pk)).content.decode()
    # Forms of ours ask for days, or call an operation; Django's own, which would write the row, shows no field.
    page = re.sub(r'<form class="(choose|ballot|give).*?</form>', "", page, flags=re.DOTALL)
    assert not re.search(r"<(input|textarea|select)(?![^>]*type=.hidden)", page)


@pytest.mark.parametrize("role", OUTSIDERS)
def test_a_person_without_a_role_here_is_told_so(role: Role, program: Program, rows: dict[Any, Any]) -> None:
    client = sign_in(MembershipFactory(role=role, program=program).user)

    for url in [*_site_pages(), *(address(model, "changelist") for model in SCREENS)]:
        response = client.get(url)
        assert response.status_code == 403, url
        assert "This is not open to you" in response.content.decode()


def test_a_stranger_is_sent_to_the_sign_in_page(rows: dict[type[models.Model], Any]) -> None:
    for url in [*_site_pages(), *(address(model, "change", row.pk) for model, row in rows.items())]:
        response = Client().get(url, follow=True)
        assert response.redirect_chain, url
        assert response.redirect_chain[-1][0].startswith("/accounts/login/"), url
        assert "Acme" not in response.content.decode()


def _site_pages() -> list[str]:
    autocomplete = "?term=a&app_label=identity&model_name=membership&field_name=program"
    return [
        reverse("admin:index"),
        reverse("admin:operations"),
        reverse("admin:search") + "?s=program",
        reverse("admin:search") + "?s=program&extended=1",
        reverse("admin:jsi18n"),
        reverse("admin:autocomplete") + autocomplete,
        reverse("admin:password_change"),
        reverse("admin:app_list", args=["identity"]),
    ]


def test_support_never_sees_another_program(bob: User, charlie: User, alice: User) -> None:
    client = sign_in(bob)
    elsewhere = charlie.memberships.get()
    hidden = {Program: elsewhere.program, User: charlie, Membership: elsewhere}

    for model, row in hidden.items():
        listed = client.get(address(model, "changelist"))
        assert listed.context["cl"].result_count == 1, model
        for text in ("charlie@example.com", "Charlie", "Other", str(row.pk)):
            assert text not in listed.content.decode()
        # As for a row that does not exist.
        assert client.get(address(model, "change", row.pk)).headers["Location"] == reverse("admin:index")
        for term in (str(row.pk), "charlie", "other"):
            assert client.get(address(model, "changelist"), {"q": term}).context["cl"].result_count == 0
    for link in ({"user__id__exact": str(charlie.pk)}, {"program__id__exact": str(elsewhere.program_id)}):
        assert client.get(address(Membership, "changelist"), link).context["cl"].result_count == 0

    for url in (
        reverse("admin:index"),
        reverse("admin:search") + "?s=other",
        reverse("admin:search") + "?s=other&extended=1",
    ):
        page = client.get(url).content.decode()
        assert "Other" not in page
        assert "charlie" not in page.lower()


def test_support_sees_neither_the_journal_nor_the_machinery(bob: User, rows: dict[Any, Any], program: Program) -> None:
    client = sign_in(bob)

    home = client.get(reverse("admin:index")).content.decode()
    about = client.get(address(Program, "change", program.pk)).content.decode()
    found = client.get(reverse("admin:search"), {"s": "a"}).content.decode()

    assert "Acme" in home
    for page in (home, about, found):
        assert "/admin/audit/" not in page
        assert "/admin/django_q/" not in page
        assert "/admin/operations/" not in page
        assert "Program created" not in page
    assert "canvas" not in home
    assert "Nothing is recorded" not in about  # no empty timeline either: it would say something


def test_a_program_s_owner_reads_that_program_s_journal_and_no_other_s_people(
    program: Program, charlie: User, alice: User
) -> None:
    owner = MembershipFactory(program=program, role=Role.OWNER).user
    with acting_as("user", str(alice.pk)):
        here = record("identity.program.created", subject=program, at=timezone.now(), program_id=program.pk)
    elsewhere = EntryFactory(program_id=charlie.memberships.get().program_id, action="identity.program.closed")
    client = sign_in(owner)

    listed = client.get(address(Entry, "changelist"))

    assert [entry.pk for entry in listed.context["cl"].result_list] == [here.pk]
    assert "Alice" not in listed.content.decode()  # she acted here, but her name belongs to the house
    assert client.get(address(Entry, "change", elsewhere.pk)).status_code == 302
    assert "Program closed" not in client.get(reverse("admin:index")).content.decode()


def test_an_object_s_page_tells_what_happened_to_it(alice: User, program: Program, rows: dict[Any, Any]) -> None:
    EntryFactory(action="identity.program.paused", subject_id=str(ProgramFactory().pk))

    page = sign_in(alice).get(address(Program, "change", program.pk)).content.decode()

    assert "Program created" in page
    assert "Alice" in page
    assert f"?q={rows[Entry].correlation_id}" in page
    assert "Program paused" not in page
    assert re.search(r"<time[^>]*>[^<]* UTC</time>", page)


def test_the_home_page_says_what_waits(alice: User, rows: dict[Any, Any]) -> None:
    client = sign_in(alice)

    page = client.get(reverse("admin:index")).content.decode()
    Success.objects.all().delete()
    OF_NO_PROGRAM[Success]()
    Failure.objects.all().delete()

    assert "1 task failed in the last 24 hours" in page
    assert "No heartbeat from intents, settlements, reconciler and notifications" in page
    assert "Program created" in page
    later = client.get(reverse("admin:index")).content.decode()
    assert "failed in the last" not in later


def test_a_silent_queue_names_the_command_that_starts_it(alice: User, rows: dict[Any, Any]) -> None:
    page = sign_in(alice).get(reverse("admin:operations")).content.decode()

    assert "manage.py worker intents" in page
    assert "manage.py worker payouts" not in page  # its heartbeat has just come
    assert "TimeoutError: no answer" in page


@pytest.mark.parametrize("model", SCREENS, ids=IDS)
def test_no_search_breaks_a_list(model: type[models.Model], rows: dict[type[models.Model], Any], alice: User) -> None:
    client = sign_in(alice)
    url = address(model, "changelist")

    for term in NONSENSE:
        assert client.get(url, {"q": term}).status_code == 200, term
    assert client.get(url, {"q": "a\0b"}).status_code == 400
    # Addresses of pages and filters that do not exist lead back to the list.
    for query in ("p=999", "p=abc", "o=99", "e=1"):
        assert client.get(f"{url}?{query}", follow=True).status_code == 200, query


@pytest.mark.parametrize("model", SCREENS, ids=IDS)
def test_no_id_breaks_an_object_s_page(model: type[models.Model], rows: dict[Any, Any], alice: User) -> None:
    client = sign_in(alice)

    for key in ("abc", "%25", "'", "0", "9" * 40, "x" * 300, str(uuid4())):
        url = address(model, "changelist") + f"{key}/change/"
        assert client.get(url).status_code == 302, key
    assert client.get(address(model, "changelist") + "%00/change/").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "at__year=abc",
        "at__year=99999999999999999999",
        "at__year=9999&at__month=12&at__day=31",
        "at__year=2026&at__month=13",
        "at__year=0",
        "actor_type=%25",
        "subject_type__exact=nobody",
        "program_id__exact=abc",
    ],
)
def test_no_date_or_filter_breaks_the_journal(query: str, alice: User, rows: dict[Any, Any]) -> None:
    response = sign_in(alice).get(f"{address(Entry, 'changelist')}?{query}", follow=True)

    assert response.status_code == 200


def test_dates_drill_down_to_a_day(alice: User) -> None:
    EntryFactory(at=timezone.now().replace(year=2024, month=2, day=29))
    EntryFactory(at=timezone.now().replace(year=2024, month=3, day=1))

    listed = sign_in(alice).get(f"{address(Entry, 'changelist')}?at__year=2024&at__month=2&at__day=29")

    assert listed.context["cl"].result_count == 1


@pytest.mark.parametrize(
    "lookup", ["password__startswith", "password", "memberships__role", "telegram_chat_id", "id__gt"]
)
def test_a_filter_s_address_can_t_be_used_to_guess_at_columns(lookup: str, alice: User) -> None:
    response = sign_in(alice).get(address(User, "changelist"), {lookup: "a"})

    assert response.status_code == 400


@pytest.mark.parametrize("model", [Program, User, Membership, Entry])
def test_a_whole_id_finds_its_row(model: type[models.Model], alice: User, rows: dict[Any, Any]) -> None:
    row = rows[model]
    UserFactory.create_batch(3)

    for term in (str(row.pk), f" {row.pk} "):
        listed = sign_in(alice).get(address(model, "changelist"), {"q": term})
        assert [found.pk for found in listed.context["cl"].result_list] == [row.pk]


def test_a_correlation_id_finds_what_it_caused(alice: User) -> None:
    entry = EntryFactory(correlation_id="request-12345678")
    EntryFactory(correlation_id="request-123456789")

    listed = sign_in(alice).get(address(Entry, "changelist"), {"q": "request-12345678"})

    assert [found.pk for found in listed.context["cl"].result_list] == [entry.pk]


def test_lists_are_called_what_the_sidebar_calls_them(alice: User) -> None:
    client = sign_in(alice)

    for model, title in (
        (User, "People"),
        (Membership, "Roles"),
        (Entry, "Journal entries"),
        (Failure, "Failed tasks"),
    ):
        page = client.get(address(model, "changelist"))
        assert page.context["title"] == title
        nothing = client.get(address(model, "changelist"), {"q": "nosuch"}).content.decode()
        assert re.search(rf"\b0\s+{title.lower()}", nothing)


@pytest.mark.parametrize("query", ["s=a&page=abc", "s=a&page=999", "s=a&page=-1"])
def test_a_page_of_results_that_does_not_exist_is_not_found(query: str, alice: User) -> None:
    assert sign_in(alice).get(f"{reverse('admin:search')}?{query}").status_code == 404


def test_passwords_and_signing_out_are_the_house_s_own(alice: User) -> None:
    client = sign_in(alice)

    assert client.get(reverse("admin:password_change")).headers["Location"] == reverse("account_change_password")
    assert client.get(reverse("admin:logout")).headers["Location"] == reverse("account_logout")
    assert client.get(reverse("admin:index")).status_code == 200
    home = client.get(reverse("admin:index")).content.decode()
    assert 'href="/portal/security/"' in home

    client.post(reverse("admin:logout"))

    assert client.get(reverse("admin:index")).status_code == 302
